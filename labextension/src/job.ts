import type { Api, IJob } from './api';
import type { IRow } from './rows';
import { button, el, setText } from './rows';

/** A second cue beside the colour. */
const MARKS: Record<string, string> = { queued: '○', running: '▶', done: '✓', failed: '✕', cancelled: '■', lost: '?' };
/** Characters of a log that are kept on the page, and the bytes of the first piece that is asked for. */
const KEEP = 100_000;
const TAIL = 20_000;
/** Milliseconds in which a second click confirms. */
const CONFIRM = 4000;

/** A job in the side panel: state, progress, log, and a button that ends it. */
export class JobRow implements IRow<IJob> {
  readonly node = el('li', { class: 'dsoc-job' });
  private readonly name = el('span', { class: 'dsoc-name' });
  private readonly status = el('span', { class: 'dsoc-status', role: 'status' });
  private readonly bar = el('progress', { max: '1' });
  private readonly detail = el('div', { class: 'dsoc-detail' });
  private readonly log = el('pre', { class: 'dsoc-log', role: 'log', tabindex: '0', hidden: '' });
  private readonly more = button('▸ Log', () => this.toggle());
  private readonly stop = button('Cancel', () => this.cancel());
  private next = -TAIL;
  private reading = false;
  private confirming = 0;

  constructor(
    private readonly api: Api,
    private job: IJob
  ) {
    this.more.setAttribute('aria-expanded', 'false');
    this.node.append(
      el('div', { class: 'dsoc-line' }, this.name, this.status),
      this.bar,
      this.detail,
      el('div', { class: 'dsoc-line' }, this.more, this.stop),
      this.log
    );
    this.node.addEventListener('keydown', event => {
      if (!event.ctrlKey && !event.metaKey) {
        event.stopPropagation();
      }
    });
  }

  update(job: IJob): void {
    this.job = job;
    const title = job.title || job.id;
    const active = job.status === 'running' || job.status === 'queued';
    this.node.dataset.status = job.status;
    this.node.dataset.id = job.id;
    setText(this.name, title);
    this.name.title = `${title} (${job.id})`;
    setText(this.status, `${MARKS[job.status] ?? '?'} ${job.status}`);
    this.bar.hidden = job.status !== 'running';
    this.bar.setAttribute('aria-label', `Progress of ${title}`);
    if (job.progress === null) {
      this.bar.removeAttribute('value');
    } else {
      this.bar.value = job.progress;
    }
    const share = job.status === 'running' && job.progress !== null ? `${Math.floor(job.progress * 100)} %` : '';
    const reason = job.reason === job.status ? '' : job.reason;
    const said = reason || (active ? [job.stage, job.message].filter(text => text).join(': ') : '');
    setText(this.detail, [said, share, duration(job.seconds)].filter(text => text).join(' · '));
    this.stop.hidden = !active;
    this.more.setAttribute('aria-label', `Log of ${title}`);
    if (!this.confirming) {
      this.stop.setAttribute('aria-label', `Cancel ${title}`);
    }
    if (!this.log.hidden) {
      void this.read();
    }
  }

  private toggle(): void {
    this.log.hidden = !this.log.hidden;
    this.log.setAttribute('aria-label', `Log of ${this.job.title}`);
    this.more.setAttribute('aria-expanded', String(!this.log.hidden));
    setText(this.more, this.log.hidden ? '▸ Log' : '▾ Log');
    if (!this.log.hidden) {
      void this.read();
    }
  }

  /** Appends what is new in the log; one piece at a time, and only the newest part stays. */
  private async read(): Promise<void> {
    if (this.reading) {
      return;
    }
    this.reading = true;
    try {
      const piece = await this.api.log(this.job.id, this.next);
      const first = this.next < 0;
      this.next = piece.size - piece.next > KEEP ? -TAIL : piece.next; // far behind: go on at the end
      const atEnd = this.log.scrollTop + this.log.clientHeight >= this.log.scrollHeight - 4;
      const text = (first && piece.offset > 0 ? '\n…' : '') + piece.text;
      if (text) {
        setText(this.log, ((this.log.textContent ?? '') + text).slice(-KEEP));
      }
      if (first || (text && atEnd)) {
        this.log.scrollTop = this.log.scrollHeight;
      }
    } catch (error) {
      setText(this.detail, `No log: ${(error as Error).message}`);
    } finally {
      this.reading = false;
    }
  }

  private cancel(): void {
    window.clearTimeout(this.confirming);
    if (!this.confirming) {
      this.ask('Click again to cancel', `Click again to cancel ${this.job.title}`);
      this.confirming = window.setTimeout(() => this.settle(), CONFIRM);
      return;
    }
    this.settle();
    this.stop.disabled = true;
    this.api
      .cancel(this.job.id)
      .then(job => this.update(job))
      .catch(error => setText(this.detail, `Not cancelled: ${(error as Error).message}`))
      .finally(() => (this.stop.disabled = false));
  }

  private settle(): void {
    this.confirming = 0;
    this.ask('Cancel', `Cancel ${this.job.title}`);
  }

  private ask(text: string, label: string): void {
    setText(this.stop, text);
    this.stop.setAttribute('aria-label', label);
    this.stop.classList.toggle('dsoc-warn', this.confirming === 0 && text !== 'Cancel');
  }
}

/** 75 as "1 min 15 s". */
function duration(seconds: number | null): string {
  if (seconds === null) {
    return '';
  }
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
