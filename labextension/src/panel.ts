import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import type { Api, IDesign, IJob } from './api';
import { studioIcon } from './icons';
import { JobRow } from './job';
import type { IRow } from './rows';
import { Rows, button, el, setText } from './rows';

/** Milliseconds between two looks at the server. */
const PERIOD = 1000;

/** What a click on a design, and on "New", does. */
export interface IActions {
  open(design: IDesign): void;
  create(): void;
}

/** The side panel: designs and jobs. It asks the server only while it is seen. */
export class Panel extends Widget {
  private readonly fault = el('p', { class: 'dsoc-fault', role: 'alert', hidden: '' });
  private readonly count = el('span', { class: 'dsoc-detail', role: 'status' });
  private readonly noDesigns = el('p', { class: 'dsoc-detail' }, 'None yet. "New" makes one.');
  private readonly noJobs = el('p', { class: 'dsoc-detail' }, 'None yet. Simulate or implement a design.');
  private readonly designs: Rows<IDesign>;
  private readonly jobs: Rows<IJob>;
  private running = false;

  constructor(
    private readonly api: Api,
    actions: IActions
  ) {
    super();
    this.id = 'deepsoc-panel';
    this.title.icon = studioIcon;
    this.title.caption = 'DeepSoC designs and jobs';
    this.addClass('dsoc-panel');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'DeepSoC designs and jobs');
    this.designs = new Rows('Designs', where, design => designRow(design, actions));
    this.jobs = new Rows('Jobs', job => job.id, job => new JobRow(api, job));
    const create = button('New…', () => actions.create());
    create.setAttribute('aria-label', 'New design');
    this.node.append(
      this.fault,
      el('div', { class: 'dsoc-line' }, el('h2', {}, 'Designs'), create),
      this.noDesigns,
      this.designs.node,
      el('div', { class: 'dsoc-line' }, el('h2', {}, 'Jobs'), this.count),
      this.noJobs,
      this.jobs.node
    );
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.start();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    document.addEventListener('visibilitychange', this.start);
    this.start();
  }

  protected override onBeforeDetach(message: Message): void {
    document.removeEventListener('visibilitychange', this.start);
    super.onBeforeDetach(message);
  }

  /** Looks at the server again and again; ends by itself when the panel is no longer seen. */
  private readonly start = async (): Promise<void> => {
    if (this.running) {
      return;
    }
    this.running = true;
    while (this.isVisible && !document.hidden) {
      await this.refresh();
      await new Promise(resolve => window.setTimeout(resolve, PERIOD));
    }
    this.running = false;
  };

  private async refresh(): Promise<void> {
    try {
      const [designs, jobs] = await Promise.all([this.api.designs(), this.api.jobs()]);
      this.designs.update(designs);
      this.jobs.update(jobs);
      this.noDesigns.hidden = designs.length > 0;
      this.noJobs.hidden = jobs.length > 0;
      const counts = ['running', 'queued'].map(state => [jobs.filter(job => job.status === state).length, state] as const);
      setText(this.count, counts.filter(([n]) => n > 0).map(([n, state]) => `${n} ${state}`).join(', '));
      this.fault.hidden = true;
    } catch (error) {
      setText(this.fault, `The server's part of DeepSoC does not answer: ${(error as Error).message}`);
      this.fault.hidden = false;
    }
  }
}

function where(design: IDesign): string {
  return design.home ? `${design.home}/${design.name}` : design.name;
}

function designRow(first: IDesign, actions: IActions): IRow<IDesign> {
  let design = first;
  const summary = el('span', { class: 'dsoc-detail' });
  const open = button('', () => actions.open(design));
  open.classList.add('dsoc-design');
  open.title = `Open the Studio of ${where(design)}`;
  open.replaceChildren(el('span', { class: 'dsoc-name' }, where(design)), summary);
  return {
    node: el('li', {}, open),
    update: item => {
      design = item;
      setText(summary, item.summary);
    }
  };
}
