import { Counter, Gauge, type Registry } from 'prom-client';
import type { InformerState } from './shared-informers';

const WAYS = ['starting', 'watch', 'bus'] as const;
const COUNTERS = {
  snapshots: 'Snapshots taken of a class',
  watches: 'gRPC watches opened for a class',
  gaps: 'Messages that told of one before them that has not come',
  fetches: 'Objects that were fetched because their message came without a body',
  malformed: 'Messages that could not be read',
} as const;

/** Shows how the informers of a process learn what happens, and how often they had to make up for something. */
export function createInformerMetrics(registry: Registry, states: () => readonly InformerState[]): void {
  const registers = [registry];
  const labelNames = ['group', 'resource', 'node'] as const;
  new Gauge({
    name: 'navarch_informer_source',
    help: 'How changes of a class arrive: 1 for the present way',
    labelNames: [...labelNames, 'source'],
    registers,
    collect() {
      this.reset(); // a class may have been given up
      for (const { group, resource, node, source } of states()) for (const way of WAYS) this.set({ group, resource, node, source: way }, way === source ? 1 : 0);
    },
  });
  for (const [name, help] of Object.entries(COUNTERS) as [keyof typeof COUNTERS, string][]) {
    new Counter({
      name: `navarch_informer_${name}_total`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const { group, resource, node, counters } of states()) this.inc({ group, resource, node }, counters[name]);
      },
    });
  }
}
