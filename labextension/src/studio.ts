import { showErrorMessage } from '@jupyterlab/apputils';
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
   * Opens the Studio of a design. Makes its notebook where there is none; runs it once the kernel answers.
   *
   * @param home - folder in which the folder `designs` lies.
   * @param name - of the design.
   */
  async studio(home: string, name = 'design'): Promise<NotebookPanel> {
    const file = name === 'design' ? 'Studio.ipynb' : `Studio-${name}.ipynb`;
    const path = PathExt.join(home, file);
    if (!(await this.names(home)).has(file)) {
      const content = notebook(`from deepsoc.widgets import Studio\n\nStudio(${JSON.stringify(name)})`);
      await this.services.contents.save(path, { type: 'notebook', format: 'json', content });
    }
    const shown = this.documents.findWidget(path, 'Notebook');
    const panel = this.open(path);
    if (!shown) {
      void panel.context.ready.then(() => runCell(panel, 0));
    }
    return panel;
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
    void showErrorMessage(title, error instanceof Error ? error.message : String(error));
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
