import { runProcess, secureServing } from '@navarch/component-base';
import { compose } from './compose';
import { flags } from './config';
import { electionSettings } from './config/election-settings';
import { loadConfiguration } from './config/load-configuration';

void runProcess({
  name: 'scheduler',
  component: 'kube-scheduler',
  flags,
  // Flags of the election go before what the file says of it (upstream's Options.ApplyLeaderElectionTo).
  settings: ({ config }) => ({ values: config === undefined ? {} : electionSettings(loadConfiguration(config)), withoutEffect: [] }),
  health: secureServing,
  main: compose,
});
