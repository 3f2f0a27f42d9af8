import { writeFileSync } from 'node:fs';
import { FlagError, runProcess, secureServing } from '@navarch/component-base';
import { compose } from './compose';
import { flags } from './config';
import { completeConfiguration } from './config/complete-configuration';
import { electionSettings } from './config/election-settings';
import { loadConfiguration } from './config/load-configuration';

void runProcess({
  name: 'scheduler',
  component: 'kube-scheduler',
  flags,
  // Flags of the election go before what the file says of it (upstream's Options.ApplyLeaderElectionTo).
  settings: (config) => ({ values: config.config === undefined ? {} : electionSettings(loadConfiguration(config.config)), withoutEffect: [] }),
  instead: (config) => {
    if (config.writeConfigTo === undefined) return false;
    try {
      writeFileSync(config.writeConfigTo, completeConfiguration(config.config === undefined ? {} : loadConfiguration(config.config), config));
    } catch (error) {
      throw error instanceof FlagError ? error : new FlagError(error instanceof Error ? error.message : String(error));
    }
    return true;
  },
  health: secureServing,
  main: compose,
});
