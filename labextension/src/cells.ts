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

/** Metadata of the cells that controls have put into a notebook. */
const MARK = 'deepsoc';

/** What a control may say about a cell of its own. */
export interface IInsertion {
  /** Whether it is run; true unless said otherwise. */
  run?: boolean;
  /** An element of the control: the cell goes below the one that shows it. Without it, below the active cell. */
  from?: Node;
}

/**
 * Puts a code cell into the current notebook, below those that were put there before.
 *
 * @returns false when no notebook is open, or it is read-only.
 */
export function insertCell(tracker: INotebookTracker, code: string, options: IInsertion = {}): boolean {
  const panel = tracker.currentWidget;
  const notebook = panel?.content;
  if (!panel || !notebook?.model || notebook.model.readOnly) {
    return false;
  }
  const { cells, sharedModel } = notebook.model;
  const shown = notebook.widgets.findIndex(cell => cell.node.contains(options.from ?? null));
  let index = Math.min((shown < 0 ? notebook.activeCellIndex : shown) + 1, cells.length);
  while (index < cells.length && cells.get(index).getMetadata(MARK)) {
    index += 1;
  }
  sharedModel.insertCell(index, { cell_type: 'code', source: code, metadata: { [MARK]: { inserted: true } } });
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  if (options.run ?? true) {
    void runCell(panel, index);
  }
  return true;
}

/**
 * Runs the cell again that shows an element, as after a restart of its kernel.
 *
 * @returns false when no open notebook shows it.
 */
export function runCellOf(tracker: INotebookTracker, shown: Node): boolean {
  const panel = tracker.find(({ content }) => content.node.contains(shown));
  const index = panel?.content.widgets.findIndex(cell => cell.node.contains(shown)) ?? -1;
  if (!panel || index < 0) {
    return false;
  }
  void runCell(panel, index);
  return true;
}

/** Tells the controls of every notebook when their kernel is gone; the widgets themselves notice a restart by hand only. */
export function watchKernels(tracker: INotebookTracker): void {
  const tell = ({ content }: NotebookPanel) => {
    for (const cell of content.widgets) {
      cell.node.querySelectorAll('.dsoc').forEach(node => node.dispatchEvent(new Event('deepsoc-gone')));
    }
  };
  tracker.widgetAdded.connect((_, panel) => {
    panel.sessionContext.statusChanged.connect((_, status) => {
      if (['restarting', 'autorestarting', 'dead'].includes(status)) {
        tell(panel);
      }
    });
    panel.sessionContext.kernelChanged.connect((_, { oldValue }) => {
      if (oldValue) {
        tell(panel);
      }
    });
  });
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
