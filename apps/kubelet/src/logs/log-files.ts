import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { nameOf, namespaceOf } from '../pods/pod-spec';
import { linkLog, logLinkName, removeLog } from './container-logs';

interface LoggingContainer {
  readonly id: string;
  readonly name: string;
  /** Where the runtime writes; empty if it does not say. */
  readonly logPath: string;
}

/** The logs of containers as files of the node. What cannot be done with them keeps no container from its life. */
export class LogFiles {
  constructor(private readonly deps: { readonly linksDirectory: string; readonly log: Logger }) {}

  /** Lets those find the log who collect the logs of the node. */
  async link(pod: corev1.Pod, container: LoggingContainer): Promise<void> {
    await linkLog(this.#link(pod, container), container.logPath).catch((error: unknown) =>
      this.deps.log.warn({ err: error, pod, container: container.name }, 'no link to the log of a container could be made'),
    );
  }

  /** Nobody could ask for it any more, and a container that restarts again and again would fill the disk. */
  async remove(pod: corev1.Pod, container: LoggingContainer): Promise<void> {
    const log = container.logPath === '' ? undefined : removeLog(container.logPath);
    for (const removed of await Promise.allSettled([log, rm(this.#link(pod, container), { force: true })])) {
      if (removed.status === 'rejected') this.deps.log.warn({ err: removed.reason, pod, container: container.name }, 'log of a container could not be removed');
    }
  }

  #link(pod: corev1.Pod, { id, name }: LoggingContainer): string {
    return join(this.deps.linksDirectory, logLinkName({ pod: nameOf(pod), namespace: namespaceOf(pod), container: name, id }));
  }
}
