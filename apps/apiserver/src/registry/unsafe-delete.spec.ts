import { isApiError, type Status } from '@navarch/apimachinery';
import type { Authorizer, User } from '../pipeline';
import { memoryRegistry } from '../testing/memory-registry';
import { aRequest } from '../testing/admission-attributes';
import { deleteOptions, deleteOptionsOfQuery } from './delete-options';
import { create } from './create';
import { notForCollections, removeUnreadable, requireUnsafeDelete } from './unsafe-delete';

const jane: User = { name: 'jane', uid: '', groups: [], extra: {} };
const option = 'ignoreStoreReadErrorWithClusterBreakingPotential';

async function statusOf(act: () => unknown): Promise<Status | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (!isApiError(error)) throw error;
    return error.status;
  }
}

describe('deleting what cannot be read', () => {
  it('takes a right of its own, and no subresource', async () => {
    const asked: string[] = [];
    const saying = (verdict: 'allow' | 'no-opinion'): Authorizer => ({ name: 'test', authorize: (_user, { verb, name }) => {
      asked.push(`${verb} ${name}`);
      return { verdict, reason: 'said so' };
    } });
    const request = aRequest({ verb: 'delete', resource: 'secrets', namespace: 'a', name: 's' });
    await requireUnsafeDelete(saying('allow'), jane, request);
    expect(await statusOf(() => requireUnsafeDelete(saying('no-opinion'), jane, request))).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: 'secrets "s" is forbidden: not permitted to do "unsafe-delete-ignore-read-errors", reason: said so',
    });
    expect(asked).toEqual(['unsafe-delete-ignore-read-errors s', 'unsafe-delete-ignore-read-errors s']);
    expect(await statusOf(() => requireUnsafeDelete(saying('allow'), jane, { ...request, subresource: 'status' }))).toMatchObject({ code: 403 });
  });

  it.each([
    [{ dryRun: ['All'] }, 'dryRun'], [{ propagationPolicy: 'Orphan' }, 'propagationPolicy'], [{ orphanDependents: true }, 'orphanDependents'],
    [{ gracePeriodSeconds: 0 }, 'gracePeriodSeconds'], [{ preconditions: { uid: 'u' } }, 'preconditions'],
  ])('is refused with %j', async (others, field) => {
    expect(await statusOf(() => deleteOptions({ [option]: true, ...others }))).toMatchObject({ code: 422, message: `DeleteOptions.meta.k8s.io "" is invalid: ${option}: Invalid value: true: cannot be set together with .${field}` });
    expect(deleteOptions({ [option]: false, ...others })).toMatchObject({ ignoresReadErrors: false });
  });

  it('is asked for in the query too, and for one object at a time', () => {
    expect(deleteOptions(deleteOptionsOfQuery(new URLSearchParams(`${option}=true`)))).toMatchObject({ ignoresReadErrors: true });
    expect(notForCollections().message).toBe(`DeleteOptions.meta.k8s.io "" is invalid: ${option}: Invalid value: true: is not allowed with DELETECOLLECTION, try again after removing the option`);
  });

  it('is refused for what can be read and for what is not there', async () => {
    await using registry = Object.assign(await memoryRegistry(), { [Symbol.asyncDispose]: async () => registry.stop() });
    const configMaps = registry.registry.store('', 'configmaps');
    if (!configMaps) throw new Error('no config maps');
    await create(configMaps, { metadata: { name: 'fine', namespace: 'default' } }, registry.context);
    const { signal } = new AbortController();
    for (const name of ['fine', 'missing'])
      expect(await statusOf(() => removeUnreadable(configMaps, 'default', name, signal))).toMatchObject({
        code: 422,
        reason: 'Invalid',
        message: `configmaps "${name}" is invalid: ${option}: Invalid value: true: is exclusively used to delete corrupt object(s), try again by removing this option`,
      });
    expect(configMaps.objects.get(configMaps.key('default', 'fine'))).toBeDefined();
  });

  it('removes what is no JSON', async () => {
    await using registry = Object.assign(await memoryRegistry(), { [Symbol.asyncDispose]: async () => registry.stop() });
    const configMaps = registry.registry.store('', 'configmaps');
    if (!configMaps) throw new Error('no config maps');
    const key = configMaps.key('default', 'broken');
    await registry.store.commit({ ops: [{ kind: 'put', key, json: Buffer.from('{"metadata":{"resourceVersion":"","name":"broken"},'), expectedModRevision: 0 }] });
    await removeUnreadable(configMaps, 'default', 'broken', new AbortController().signal);
    expect(await registry.store.get(key)).toBeUndefined();
  });
});
