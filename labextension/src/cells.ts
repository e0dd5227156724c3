import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';

/** Cells that the palette offers: id of the command, its label, the code. */
export const CELLS: readonly { id: string; label: string; code: string }[] = [
  {
    id: 'deepsoc:insert-bundle',
    label: 'Insert Bundle Cell',
    code: 'import deepsoc as ds\n\nx = ds.Bundle(ds.Conv2D(16, 3), act=ds.ReLU(), pool=ds.MaxPool2D(2))(x)'
  },
  {
    id: 'deepsoc:insert-sweep',
    label: 'Insert Sweep Cell',
    code: [
      'import deepsoc as ds',
      '',
      'space = {"rows": {"min": 4, "max": 16, "step": 1}, "cols": [24, 48, 96]}',
      'table = ds.sweep(["resnet50"], space)',
      'ds.pareto(table, {"end_to_end_fps": "max", "pes": "min"})'
    ].join('\n')
  },
  {
    id: 'deepsoc:insert-simulate',
    label: 'Insert Simulate Cell',
    code: 'import deepsoc as ds\n\nrun = ds.simulate("designs/design/export")\nrun.bit_exact, run.cycles_rtl'
  },
  {
    id: 'deepsoc:insert-implement',
    label: 'Insert Implement Cell',
    code: 'from deepsoc.impl import implement\n\nimplement("designs/design/export", "yosys-xc7")'
  }
];

/**
 * Puts a code cell below the active cell of the current notebook.
 *
 * @returns false when no notebook is open, or it is read-only.
 */
export function insertCell(tracker: INotebookTracker, code: string, options: { run?: boolean } = {}): boolean {
  const panel = tracker.currentWidget;
  const notebook = panel?.content;
  if (!panel || !notebook?.model || notebook.model.readOnly) {
    return false;
  }
  const index = Math.min(notebook.activeCellIndex + 1, notebook.model.cells.length);
  notebook.model.sharedModel.insertCell(index, { cell_type: 'code', source: code });
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  if (options.run ?? true) {
    void runCell(panel, index);
  }
  return true;
}

/** Runs a cell as soon as its kernel answers; before that, a cell that is run would silently stay undone. */
export async function runCell(panel: NotebookPanel, index: number): Promise<void> {
  await panel.revealed;
  const id = panel.content.model?.cells.get(index).id;
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  if (kernel) {
    await connected(kernel);
  }
  const cell = panel.content.widgets.find(widget => widget.model.id === id);
  if (cell) {
    await NotebookActions.runCells(panel.content, [cell], panel.sessionContext);
  }
}

async function connected(kernel: Kernel.IKernelConnection): Promise<void> {
  if (kernel.connectionStatus !== 'connected') {
    await new Promise<void>(resolve => {
      const check = (_: unknown, status: Kernel.ConnectionStatus) => {
        if (status === 'connected') {
          kernel.connectionStatusChanged.disconnect(check);
          resolve();
        }
      };
      kernel.connectionStatusChanged.connect(check);
    });
  }
  await kernel.info;
}
