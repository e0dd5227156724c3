import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import type { IInsertion } from './cells';
import { CELLS, insertCell, runCellOf, watchKernels } from './cells';

declare global {
  /** What controls in a notebook may ask JupyterLab for. */
  var deepsocLab:
    | {
        insertCell(code: string, options?: IInsertion): boolean;
        /** Runs the cell again that shows an element. */
        runCellOf(shown: Node): boolean;
        /** Only there where files can be opened. */
        openFile?(path: string, options?: { download?: boolean }): boolean;
      }
    | undefined;
}

/** For the controls. Where there are no notebooks to put cells into, as in Voilà, they find nothing. */
const cells: JupyterFrontEndPlugin<void> = {
  id: 'deepsoc-lab:cells',
  description: 'Lets DeepSoC controls put cells into the notebook, and offers ready-made ones.',
  autoStart: true,
  optional: [INotebookTracker, ICommandPalette],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker | null, palette: ICommandPalette | null) => {
    if (!tracker) {
      return;
    }
    globalThis.deepsocLab = {
      insertCell: (code, options) => insertCell(tracker, code, options),
      runCellOf: shown => runCellOf(tracker, shown)
    };
    watchKernels(tracker);
    for (const { id: command, label, code } of CELLS) {
      app.commands.addCommand(command, {
        label,
        isEnabled: () => tracker.currentWidget !== null && tracker.currentWidget === app.shell.currentWidget,
        execute: () => insertCell(tracker, code, { run: false })
      });
      palette?.addItem({ command, category: 'DeepSoC' });
    }
  }
};

/** Launcher, commands, side bar. Loaded apart: Voilà has no launcher, and not even its module. */
const studio: JupyterFrontEndPlugin<void> = {
  id: 'deepsoc-lab:studio',
  description: 'DeepSoC in the launcher and the command palette; designs and jobs in the side bar.',
  autoStart: true,
  activate: async (app: JupyterFrontEnd) => {
    const lab = await import('./lab').catch(() => null);
    await lab?.activate(app);
  }
};

export default [cells, studio];
