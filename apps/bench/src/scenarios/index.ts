import { createAndBind } from './create-and-bind';
import { creates } from './creates';
import { dns } from './dns';
import { gets } from './gets';
import { lists } from './lists';
import { proxy } from './proxy';
import { nodeScenarios } from './real-node';
import type { Scenario } from './scenario';
import { watchFanOut } from './watch-fan-out';

/** Those that put load on one cluster, in the order in which they run. */
export const loadScenarios: readonly Scenario[] = [creates, gets, lists, watchFanOut, createAndBind, dns, proxy];

/** Everything that --only can name. */
export const scenarioNames: readonly string[] = [
  'scheduler-alone',
  'start-up',
  ...nodeScenarios.map(({ name }) => name),
  'many-nodes',
  'scale-up',
  'idle-memory',
  ...loadScenarios.map(({ name }) => name),
  'peak-memory',
];
