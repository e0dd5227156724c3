import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** A design on disk, as the server lists it. */
export interface IDesign {
  /** Name of the design. */
  name: string;
  /** Folder below the server's root in which `designs/` lies; empty for the root itself. */
  home: string;
  /** What the design is, in a line; or what is wrong with its file. */
  summary: string;
}

/** A run, as the server lists it. */
export interface IJob {
  id: string;
  kind: string;
  title: string;
  status: string;
  stage: string;
  /** 0 to 1; null where it is not known. */
  progress: number | null;
  message: string;
  reason: string;
  /** Seconds between start and end, or up to now; null before the start. */
  seconds: number | null;
}

/** A piece of a log. */
export interface ILog {
  text: string;
  /** Where the piece begins and where the next one does, in bytes. */
  offset: number;
  next: number;
  /** Bytes of the whole log. */
  size: number;
}

/** The server's part of DeepSoC. */
export class Api {
  /** Args: settings: of the connection to the server. */
  constructor(private readonly settings: ServerConnection.ISettings) {}

  designs(): Promise<IDesign[]> {
    return this.ask('designs');
  }

  jobs(): Promise<IJob[]> {
    return this.ask('jobs');
  }

  /** A piece of a job's log from byte `offset` on; an offset below zero counts from the end. */
  log(id: string, offset: number): Promise<ILog> {
    return this.ask(`jobs/${encodeURIComponent(id)}/log?offset=${offset}`);
  }

  cancel(id: string): Promise<IJob> {
    return this.ask(`jobs/${encodeURIComponent(id)}/cancel`, { method: 'POST' });
  }

  private async ask<T>(path: string, request: RequestInit = {}): Promise<T> {
    const url = `${URLExt.join(this.settings.baseUrl, 'deepsoc')}/${path}`;
    const response = await ServerConnection.makeRequest(url, request, this.settings);
    if (!response.ok) {
      const answer = (await response.json().catch(() => ({}))) as { message?: string };
      throw new Error(answer.message || `the server answered ${response.status}`);
    }
    return (await response.json()) as T;
  }
}
