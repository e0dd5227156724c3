import type { JupyterFrontEnd } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';

import { Api } from './api';
import { openFile } from './files';
import { courseIcon, studioIcon } from './icons';
import { Panel } from './panel';
import { Notebooks, report } from './studio';

const CATEGORY = 'DeepSoC';
/** Names a design may have; the same as in deepsoc.widgets.Design. */
const NAME = '[A-Za-z_][A-Za-z0-9_\\-]{0,63}';

/** Adds launcher cards, commands and the side panel, as far as the page has places for them. */
export async function activate(app: JupyterFrontEnd): Promise<void> {
  const documents = await app.resolveOptionalService(IDocumentManager);
  if (!documents) {
    return;
  }
  const tracker = await app.resolveOptionalService(INotebookTracker);
  if (tracker && globalThis.deepsocLab) {
    globalThis.deepsocLab.openFile = (path, options) => openFile(tracker, documents, path, options);
  }
  const browser = await app.resolveOptionalService(IDefaultFileBrowser);
  const folder = (args: { cwd?: unknown }) => (args.cwd as string | undefined) ?? browser?.model.path ?? '';
  const notebooks = new Notebooks(documents, app.serviceManager);
  addCommands(app, notebooks, folder);

  const panel = new Panel(new Api(app.serviceManager.serverSettings), {
    open: design => void notebooks.studio(design.home, design.name).catch(report('The design did not open')),
    create: () => void app.commands.execute('deepsoc:new-design')
  });
  app.shell.add(panel, 'left', { rank: 900, type: 'DeepSoC' });
  (await app.resolveOptionalService(ILayoutRestorer))?.add(panel, panel.id);
  app.commands.addCommand('deepsoc:jobs', { label: 'Show Jobs', execute: () => app.shell.activateById(panel.id) });

  const launcher = await app.resolveOptionalService(ILauncher);
  launcher?.add({ command: 'deepsoc:studio', category: CATEGORY, rank: 1, categoryRank: 1 });
  launcher?.add({ command: 'deepsoc:course', category: CATEGORY, rank: 2 });
  const palette = await app.resolveOptionalService(ICommandPalette);
  for (const command of ['deepsoc:studio', 'deepsoc:course', 'deepsoc:new-design', 'deepsoc:jobs']) {
    palette?.addItem({ command, category: CATEGORY, args: { isPalette: true } });
  }
}

function addCommands(app: JupyterFrontEnd, notebooks: Notebooks, folder: (args: { cwd?: unknown }) => string): void {
  const { commands } = app;
  commands.addCommand('deepsoc:studio', {
    label: args => (args.isPalette ? 'Open DeepSoC Studio' : 'DeepSoC Studio'),
    caption: 'Build a network, choose hardware, sweep, simulate, implement',
    icon: args => (args.isPalette ? undefined : studioIcon),
    execute: args => notebooks.studio(folder(args)).catch(report('The Studio did not open'))
  });
  commands.addCommand('deepsoc:course', {
    label: args => (args.isPalette ? 'Open Lab Course' : 'DeepSoC lab course'),
    caption: 'Learn how the accelerator works, in notebooks',
    icon: args => (args.isPalette ? undefined : courseIcon),
    execute: async args => {
      const path = await notebooks.course(folder(args));
      if (path === null) {
        return report('No lab course here')('There is no folder "labs" here. The command "deepsoc lab" brings it.');
      }
      return path.endsWith('.ipynb') ? notebooks.open(path) : commands.execute('filebrowser:open-path', { path });
    }
  });
  commands.addCommand('deepsoc:new-design', {
    label: 'New Design…',
    execute: async args => {
      const label = 'Name: letters, digits, _ and -';
      const { button, value } = await InputDialog.getText({ title: 'New design', label, pattern: NAME, required: true });
      return button.accept && value
        ? notebooks.studio(folder(args), value).catch(report('The design did not open'))
        : null;
    }
  });
}
