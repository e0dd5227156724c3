import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { ServiceManager } from '@jupyterlab/services';

import { runCell } from './cells';

/** Opens the notebooks that the launcher cards and the side panel stand for. */
export class Notebooks {
  constructor(
    private readonly documents: IDocumentManager,
    private readonly services: ServiceManager.IManager
  ) {}

  /**
   * Opens the Studio of a design. Makes its notebook where there is none; runs its cell once the kernel answers, unless
   * that shows a Studio already. No other code is run: whoever wrote a file of that name is not known.
   *
   * @param home - folder in which the folder `designs` lies.
   * @param name - of the design.
   */
  async studio(home: string, name = 'design'): Promise<NotebookPanel> {
    const file = name === 'design' ? 'Studio.ipynb' : `Studio-${name}.ipynb`;
    const path = PathExt.join(home, file);
    const source = `from deepsoc.widgets import Studio\n\nStudio(${JSON.stringify(name)})`;
    if (!(await this.names(home)).has(file)) {
      await this.services.contents.save(path, { type: 'notebook', format: 'json', content: notebook(source) });
    }
    const panel = this.open(path);
    void panel.context.ready.then(() => this.show(panel, source, file));
    return panel;
  }

  private async show(panel: NotebookPanel, source: string, file: string): Promise<void> {
    await panel.revealed;
    const cells = panel.content.widgets;
    const index = cells.findIndex(({ model }) => model.type === 'code' && model.sharedModel.source.trim() === source);
    if (index < 0) {
      Notification.warning(`${file} has no cell with the Studio as it was made, so nothing was run.`, {
        autoClose: false
      });
    } else if (!cells[index].node.querySelector('.dsoc-studio > .dsoc:not([data-gone])')) {
      await runCell(panel, index);
    }
  }

  /**
   * Finds the lab course: its index, or else its folder; null where there is neither.
   *
   * @param cwd - the folder that is looked at first.
   */
  async course(cwd: string): Promise<string | null> {
    for (const home of new Set([cwd, '', 'notebooks'])) {
      const labs = PathExt.join(home, 'labs');
      if ((await this.names(home)).has('labs')) {
        const index = '00_index.ipynb';
        return (await this.names(labs)).has(index) ? PathExt.join(labs, index) : labs;
      }
    }
    return null;
  }

  /** Opens a notebook, or shows it where it is open. */
  open(path: string): NotebookPanel {
    const panel = this.documents.openOrReveal(path, 'Notebook');
    if (!panel) {
      throw new Error(`cannot open ${path} as a notebook`);
    }
    return panel as NotebookPanel;
  }

  /** The names in a folder; none where there is no such folder. */
  private async names(folder: string): Promise<Set<string>> {
    try {
      const model = await this.services.contents.get(folder);
      return new Set(model.type === 'directory' ? model.content.map((entry: { name: string }) => entry.name) : []);
    } catch {
      return new Set();
    }
  }
}

/** Shows what went wrong in a dialog. */
export function report(title: string): (error: unknown) => null {
  return error => {
    const body = error instanceof Error ? error.message : String(error);
    void showDialog({ title, body, buttons: [Dialog.okButton({ label: 'Dismiss' })] });
    return null;
  };
}

function notebook(source: string): object {
  return {
    cells: [{ cell_type: 'code', id: 'studio', metadata: {}, source, outputs: [], execution_count: null }],
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 5
  };
}
