import { readFileSync } from 'node:fs';
import { isExtendedResource } from '@navarch/api';
import { FlagError } from '@navarch/component-base';
import { parse } from 'yaml';
import { argumentFaults } from './plugin-args';
import { configurationShape, type SchedulerConfiguration } from './scheduler-configuration';
import { faultsOf } from './shape';

/** Says all that is wrong, a line each. */
export class ConfigurationError extends FlagError {
  constructor(source: string, faults: readonly string[]) {
    super(`${source}: ${faults.length === 1 ? '' : `${faults.length} faults:\n  `}${faults.join('\n  ')}`);
  }
}

/** Reads a KubeSchedulerConfiguration. @throws ConfigurationError for what is not understood: nothing is guessed or left out */
export function loadConfiguration(path: string): SchedulerConfiguration {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(path, [`cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
  return parseConfiguration(text, path);
}

export function parseConfiguration(text: string, source: string): SchedulerConfiguration {
  let value: unknown;
  try {
    value = withoutNulls(parse(text, { uniqueKeys: true }));
  } catch (error) {
    throw new ConfigurationError(source, [error instanceof Error ? error.message : String(error)]);
  }
  const faults = faultsOf(value, configurationShape, '');
  if (faults.length > 0) throw new ConfigurationError(source, faults);
  const configuration = value as SchedulerConfiguration;
  const deeper = [...profileFaults(configuration), ...extenderFaults(configuration)];
  if ((configuration.podMaxBackoffSeconds ?? 10) < (configuration.podInitialBackoffSeconds ?? 1)) deeper.push('podMaxBackoffSeconds: must be greater than or equal to podInitialBackoffSeconds');
  if (deeper.length > 0) throw new ConfigurationError(source, deeper);
  return configuration;
}

/** A field that is null is as one that is not there, as Go reads it. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, entry]) => (entry === null ? [] : [[name, withoutNulls(entry)]])));
}

/** Only one that is alone has the default name. */
function profileFaults({ profiles = [] }: SchedulerConfiguration): string[] {
  const names = profiles.map(({ schedulerName = profiles.length > 1 ? '' : 'default-scheduler' }) => schedulerName);
  const faults = names.flatMap((name, index) => {
    if (name === '') return [`profiles[${index}].schedulerName: is required`];
    return names.indexOf(name) < index ? [`profiles[${index}].schedulerName: "${name}" is there twice`] : [];
  });
  for (const [at, { pluginConfig = [] }] of profiles.entries()) {
    for (const [index, { name, args }] of pluginConfig.entries()) {
      if (pluginConfig.findIndex((other) => other.name === name) < index) faults.push(`profiles[${at}].pluginConfig[${index}]: "${name}" is there twice`);
      else if (args !== undefined) faults.push(...argumentFaults(name, args, `profiles[${at}].pluginConfig[${index}].args`));
    }
  }
  return faults;
}

function extenderFaults({ extenders = [] }: SchedulerConfiguration): string[] {
  const faults = extenders.flatMap(({ urlPrefix, prioritizeVerb = '', weight = 0 }, index) => [
    ...(URL.canParse(urlPrefix) ? [] : [`extenders[${index}].urlPrefix: "${urlPrefix}" is not a URL`]),
    ...(prioritizeVerb !== '' && weight <= 0 ? [`extenders[${index}].weight: must have a positive weight applied to it`] : []),
  ]);
  const managed = extenders.flatMap(({ managedResources = [] }, at) => managedResources.map(({ name }, index) => ({ name, path: `extenders[${at}].managedResources[${index}].name` })));
  for (const [index, { name, path }] of managed.entries()) {
    if (!isExtendedResource(name)) faults.push(`${path}: "${name}" is an invalid extended resource name`);
    else if (managed.findIndex((other) => other.name === name) < index) faults.push(`${path}: duplicate extender managed resource name`);
  }
  if (extenders.filter(({ bindVerb = '' }) => bindVerb !== '').length > 1) faults.push('extenders: only one extender can implement bind');
  return faults;
}
