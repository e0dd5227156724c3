import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { INotebookTracker } from '@jupyterlab/notebook';

import { report } from './studio';

/** Bytes up to which a file is shown in an editor; what is larger is downloaded. */
const SHOWN = 20e6;

/**
 * Opens a file in JupyterLab's text editor, or downloads it where it is asked for or the file is too large for that.
 *
 * @param path - relative to the folder of the current notebook, which is where its kernel works.
 * @returns false when no notebook is open; a file that cannot be read is told in a dialog.
 */
export function openFile(
  tracker: INotebookTracker,
  documents: IDocumentManager,
  path: string,
  options: { download?: boolean } = {}
): boolean {
  const notebook = tracker.currentWidget;
  if (!notebook) {
    return false;
  }
  const whole = PathExt.join(PathExt.dirname(notebook.context.path), path);
  void open(documents, whole, options.download ?? false).catch(report(`${path} did not open`));
  return true;
}

async function open(documents: IDocumentManager, path: string, download: boolean): Promise<void> {
  const { contents } = documents.services;
  const { size } = await contents.get(path, { content: false });
  if (download || (size ?? 0) > SHOWN) {
    const link = document.createElement('a');
    link.href = await contents.getDownloadUrl(path);
    link.download = PathExt.basename(path);
    link.click();
    return;
  }
  const shown = documents.findWidget(path, 'Editor');
  if (shown && !shown.context.model.dirty) {
    await shown.context.revert(); // it may have grown
  }
  documents.openOrReveal(path, 'Editor');
}
