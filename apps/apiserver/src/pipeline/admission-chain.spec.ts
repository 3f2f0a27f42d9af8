import { createRegistry } from '@navarch/component-base';
import { anAdmission, refusalOf } from '../testing/admission-attributes';
import type { AdmissionPlugin } from './admission';
import { PluginChain } from './admission-chain';
import { AdmissionMetrics } from './admission-metrics';

const write = anAdmission({ metadata: { namespace: 'a', name: 'web' } });

it('goes over the mutating plug-ins again, once, if one asks for it', async () => {
  const calls: string[] = [];
  const plugin = (name: string, asks: boolean): AdmissionPlugin => ({
    name, handles: () => true,
    mutate: (_attributes, pass) => {
      calls.push(`${name}${pass.again ? ' again' : ''}`);
      if (asks) pass.requestAnother();
    },
  });
  const chain = new PluginChain();
  chain.install([plugin('a', false), plugin('b', true)]);
  await chain.mutate(write);
  expect(calls).toEqual(['a', 'b', 'a again', 'b again']);
});

it('asks a plug-in once about each sort of write, and about each write only what sorts do not tell', async () => {
  const asked: string[] = [];
  const calls: (string | undefined)[] = [];
  const chain = new PluginChain();
  const plugin: AdmissionPlugin = {
    name: 'a',
    handles: ({ operation, namespaced }) => {
      asked.push(`${operation}${namespaced ? ' namespaced' : ''}`);
      return operation === 'CREATE';
    },
    applies: ({ object }) => object?.metadata.name !== 'not',
    mutate: ({ object }) => void calls.push(object?.metadata.name),
    undo: ({ object }) => void calls.push(`undo ${object?.metadata.name ?? ''}`),
  };
  chain.install([plugin]);
  for (const name of ['x', 'not', 'y']) {
    await chain.mutate(anAdmission({ metadata: { namespace: 'a', name } }));
    chain.undo(anAdmission({ metadata: { namespace: 'a', name } }));
  }
  await chain.mutate({ ...write, operation: 'UPDATE' });
  await chain.mutate({ ...write, namespaced: false });
  expect(asked).toEqual(['CREATE namespaced', 'UPDATE namespaced', 'CREATE']);
  expect(calls).toEqual(['x', 'undo x', 'y', 'undo y', 'web']);
  chain.install([]);
  await chain.mutate(write);
  expect(calls).toHaveLength(5);
});

it('counts what plug-ins take and refuse', async () => {
  const metrics = createRegistry();
  const chain = new PluginChain();
  const refusing: AdmissionPlugin = { name: 'No', handles: () => true, validate: () => Promise.reject(new Error('no')) };
  chain.install([{ name: 'Yes', handles: () => true, validate: () => undefined }, { name: 'Other', handles: () => false, validate: () => undefined }, refusing], new AdmissionMetrics(metrics));
  expect(await refusalOf(() => chain.validate(write))).toBe('no');
  const text = await metrics.metrics();
  expect(text).toContain('apiserver_admission_controller_admission_duration_seconds_count{name="Yes",type="validate",operation="CREATE",rejected="false"} 1');
  expect(text).toContain('apiserver_admission_controller_admission_duration_seconds_count{name="No",type="validate",operation="CREATE",rejected="true"} 1');
  expect(text).toContain('apiserver_admission_step_admission_duration_seconds_count{type="validate",operation="CREATE",rejected="true"} 1');
  expect(text).not.toContain('name="Other"');
});
