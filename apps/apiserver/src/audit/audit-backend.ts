import type { Component } from '@navarch/component-base';
import type { AuditEvent } from './audit-event';

/** Where audit events go. */
export interface AuditBackend extends Component {
  /** Never rejects: what is lost is counted and told where it is lost. False: some events were, and their request should not go on. */
  process(events: readonly AuditEvent[]): Promise<boolean>;
  /** The server stops: no more waiting for a better time to try again. */
  hurry?(): void;
}

/** `--audit-*-mode=blocking`: requests wait for their events, but go on without them. */
export function ignoringErrors(backend: AuditBackend): AuditBackend {
  return {
    name: backend.name, start: () => backend.start(), stop: () => backend.stop(),
    process: async (events) => {
      await backend.process(events);
      return true;
    },
  };
}

/** All of several. */
export function union(backends: readonly AuditBackend[]): AuditBackend {
  const all = async (act: (backend: AuditBackend) => Promise<void>): Promise<void> => {
    await Promise.all(backends.map(act));
  };
  return {
    name: 'audit',
    start: () => all((backend) => backend.start()),
    stop: () => all((backend) => backend.stop()),
    process: async (events) => (await Promise.all(backends.map((backend) => backend.process(events)))).every(Boolean),
  };
}
