/** A process that the kernel ended because the whole machine had no memory left. */
export interface OomVictim {
  readonly process: string;
  readonly pid: number;
}

/** What the kernel says of a group that was held to its own limit, and whom it ended; kernels before 5.0 say it over two lines. */
const inGroup = /oom-kill:constraint=.*oom_memcg=([^,]*),.*task_memcg=/;
const inGroupBefore5 = /Task in .* killed as a result of limit of (.*)/;
const killed = /Killed process ([0-9]+) \((.+?)\)/;

/** Understands the kernel's messages one by one, as cAdvisor's oomparser does for upstream's kubelet. */
export class SystemOomReader {
  /** The group whose limit was met, in the report that is being read; `/` is the machine. */
  #group: string | undefined;

  /** The victim, once the report of a system-wide shortage is complete; groups at their own limits are their pods' affair. */
  read(message: string): OomVictim | undefined {
    if (message.includes('invoked oom-killer:')) this.#group = '/';
    if (this.#group === undefined) return undefined;
    this.#group = inGroup.exec(message)?.[1] ?? inGroupBefore5.exec(message)?.[1] ?? this.#group;
    const [, pid, process] = killed.exec(message) ?? [];
    if (pid === undefined || process === undefined) return undefined;
    const isSystem = this.#group === '/';
    this.#group = undefined;
    return isSystem ? { process, pid: Number(pid) } : undefined;
  }
}

export function systemOomMessage({ process, pid }: OomVictim): string {
  return `System OOM encountered, victim process: ${process}, pid: ${pid}`;
}
