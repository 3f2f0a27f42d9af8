import type { JsonObject } from '../json';
import { fieldSetOf, sameButManagedTimes } from '.';
import { now, head, entries, fieldsOf, apply, update, web } from '../testing/applied-deployment';

describe('server-side apply', () => {
  it('creates, and records what the configuration names', () => {
    const { object } = apply(undefined, web('1'), 'kubectl');
    expect(object).toMatchObject({ ...head, spec: { replicas: 1 } });
    expect(entries(object)).toEqual([{
      manager: 'kubectl', operation: 'Apply', apiVersion: 'apps/v1', time: '2024-01-01T00:00:00Z', fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { 'f:app': {} } },
        'f:spec': { 'f:replicas': {}, 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:name': {}, 'f:image': {} } } } } },
      },
    }]);
  });

  it('owns what it says null of, and gives that back as a null', () => {
    const config: JsonObject = { metadata: { labels: { a: null, b: 'c' } }, spec: { replicas: null, template: { metadata: { creationTimestamp: null }, spec: { containers: [{ name: 'c', image: null, resources: null }] } } } };
    const { object } = apply(undefined, config, 'one');
    expect(object).toMatchObject(config);
    expect(fieldsOf(object, 'one')).toEqual({
      'f:metadata': { 'f:labels': { 'f:a': {}, 'f:b': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:template': { 'f:metadata': { 'f:creationTimestamp': {} }, 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:name': {}, 'f:image': {}, 'f:resources': {} } } } },
      },
    });
  });

  it('takes a value away by a null, and fights for it', () => {
    const { object } = apply(undefined, web('1'), 'one');
    expect(() => apply(object, { spec: { replicas: null } }, 'two')).toThrow('conflict with "one": .spec.replicas');
    const taken = apply(object, { spec: { replicas: null } }, 'two', { force: true }).object;
    expect(taken).toMatchObject({ spec: { replicas: null } });
    expect(fieldsOf(taken, 'one')?.['f:spec']).not.toHaveProperty('f:replicas');
    expect(fieldsOf(taken, 'two')).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('leaves what others have in a struct or list alone that is applied as a null', () => {
    const { object } = apply(undefined, web('1'), 'one');
    const shared = apply(object, { metadata: { labels: null }, spec: { template: { spec: { containers: null } } } }, 'two').object;
    expect(shared).toMatchObject(web('1'));
    expect(fieldsOf(shared, 'one')).toEqual(fieldsOf(object, 'one'));
    expect(fieldsOf(shared, 'two')).toEqual({ 'f:metadata': { 'f:labels': {} }, 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': {} } } } });
    expect(() => apply(object, { spec: { template: null } }, 'three')).not.toThrow();
    const selecting = apply(undefined, { spec: { selector: { matchLabels: { app: 'web' } } } }, 'one').object;
    expect(() => apply(selecting, { spec: { selector: null } }, 'two')).toThrow('conflict with "one": .spec.selector');
  });

  it('does nothing the second time, even later', () => {
    const { object } = apply(undefined, web('1'), 'kubectl');
    const again = apply(object, web('1'), 'kubectl', { now: now + 60_000 });
    expect(again.changed).toBe(false);
    expect(again.object).toBe(object);
  });

  it('tells no time of who comes to own what is there already', () => {
    const { object } = apply(undefined, web('1'), 'kubectl');
    const shared = apply(object, web('1'), 'other').object;
    expect(entries(shared).map(({ manager, time }) => [manager, time])).toEqual([['other', undefined], ['kubectl', '2024-01-01T00:00:00Z']]);
  });

  it('removes what its manager no longer names and nobody else owns', () => {
    const { object } = apply(undefined, { metadata: { name: 'web', labels: { a: '1', b: '2' } }, spec: { replicas: 1, paused: true } }, 'one');
    const shared = apply(object, { metadata: { name: 'web', labels: { b: '2' } } }, 'two').object;
    const shrunk = apply(shared, { metadata: { name: 'web' }, spec: { replicas: 1 } }, 'one').object;
    expect(shrunk['metadata']).toMatchObject({ labels: { b: '2' } });
    expect((shrunk['metadata'] as JsonObject)['labels']).not.toHaveProperty('a');
    expect(shrunk['spec']).toEqual({ replicas: 1 });
    expect(fieldsOf(shrunk, 'one')).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('keeps what names the object when all that was owned beside it goes', () => {
    const { object } = apply(undefined, web('1'), 'one');
    const served = { ...object, metadata: { ...(object['metadata'] as JsonObject), uid: 'u', resourceVersion: '7' } };
    const bare = apply(served, { metadata: { name: 'web' }, spec: { replicas: 1 } }, 'one').object;
    expect(bare).toMatchObject({ ...head, metadata: { name: 'web', uid: 'u', resourceVersion: '7' }, spec: { replicas: 1 } });
    expect(bare['metadata']).not.toHaveProperty('labels');
    expect(fieldsOf(bare, 'one')).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('removes an item of a list but gives back what another manager has in it', () => {
    const one = apply(undefined, { spec: { template: { spec: { containers: [{ name: 'a', image: '1' }, { name: 'b', image: '1' }] } } } }, 'one').object;
    const two = apply(one, { spec: { template: { spec: { containers: [{ name: 'a', tty: true }] } } } }, 'two').object;
    const gone = apply(two, { spec: { template: { spec: {} } } }, 'one').object;
    expect(gone['spec']).toEqual({ template: { spec: { containers: [{ name: 'a', tty: true }] } } });
  });

  it('names one conflict with its owner', () => {
    const live = update(undefined, web('1'), 'kubectl-client-side-apply');
    expect(() => apply(live, { spec: { replicas: 3 } }, 'other')).toThrow(expect.objectContaining({
      code: 409, message: 'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas',
      status: expect.objectContaining({ reason: 'Conflict', details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl-client-side-apply" using apps/v1', field: '.spec.replicas' }] } }) as unknown,
    }) as Error);
  });

  it('names several, by owner', () => {
    const live = update(apply(undefined, web('1'), 'one').object, web('1', { minReadySeconds: 5 }), 'scaler', { subresource: 'scale' });
    expect(() => apply(live, { spec: { replicas: 3, minReadySeconds: 6, template: { spec: { containers: [{ name: 'web', image: '2' }] } } } }, 'other')).toThrow(
      'Apply failed with 3 conflicts: conflicts with "one":\n- .spec.replicas\n- .spec.template.spec.containers[name="web"].image\nconflicts with "scaler" with subresource "scale" using apps/v1:\n- .spec.minReadySeconds',
    );
  });

  it('takes what it is forced to take', () => {
    const live = apply(undefined, web('1'), 'one').object;
    const { object } = apply(live, { spec: { replicas: 3 } }, 'two', { force: true });
    expect(object['spec']).toMatchObject({ replicas: 3 });
    expect(fieldsOf(object, 'two')).toEqual({ 'f:spec': { 'f:replicas': {} } });
    expect((fieldsOf(object, 'one')?.['f:spec'] as JsonObject | undefined)?.['f:replicas']).toBeUndefined();
  });

  it('shares a field whose value is the same', () => {
    const live = apply(undefined, web('1'), 'one').object;
    const { object } = apply(live, { spec: { replicas: 1 } }, 'two');
    expect(fieldsOf(object, 'one')).toMatchObject({ 'f:spec': { 'f:replicas': {} } });
    expect(fieldsOf(object, 'two')).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('knows ports by number and protocol, which is TCP unless said', () => {
    const ports = (...list: JsonObject[]): JsonObject => ({ spec: { template: { spec: { containers: [{ name: 'web', ports: list }] } } } });
    const live = apply(undefined, ports({ containerPort: 53, protocol: 'TCP' }, { containerPort: 53, protocol: 'UDP' }), 'one').object;
    const { object } = apply(live, ports({ containerPort: 53, name: 'dns' }), 'two');
    expect(JSON.stringify(object['spec'])).toContain('[{"containerPort":53,"protocol":"TCP","name":"dns"},{"containerPort":53,"protocol":"UDP"}]');
  });

  it('knows an item without its key by the zero of it, and leaves it to validation', () => {
    const { object } = apply(undefined, { spec: { template: { spec: { containers: [{ image: 'a' }] } } } }, 'one');
    expect(JSON.stringify(fieldsOf(object, 'one'))).toContain('"k:{\\"name\\":\\"\\"}":{"f:image":{}');
  });

  it('gives an untracked object to a manager of its own', () => {
    const live = { ...head, ...web('1') };
    expect(() => apply(live, { spec: { replicas: 2 } }, 'kubectl')).toThrow('conflict with "before-first-apply" using apps/v1: .spec.replicas');
    const { object } = apply(live, { spec: { replicas: 1 } }, 'kubectl');
    expect(entries(object).map((entry) => entry.manager)).toEqual(['kubectl', 'before-first-apply']);
  });

  it('replaces atomic parts whole', () => {
    const spec = (selector: JsonObject, tolerations: JsonObject[]): JsonObject => ({ spec: { template: { spec: { nodeSelector: selector, tolerations } } } });
    const live = apply(undefined, spec({ a: '1', b: '2' }, [{ key: 'x' }]), 'one').object;
    const { object } = apply(live, spec({ c: '3' }, [{ key: 'y' }]), 'one');
    expect(object['spec']).toEqual({ template: { spec: { nodeSelector: { c: '3' }, tolerations: [{ key: 'y' }] } } });
  });

  it.each<[string, JsonObject]>([
    ['failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema', { metadata: { name: 'web' }, spec: { foo: 1 } }],
    ['failed to create typed patch object (/; apps/v1, Kind=Deployment): .spec.replicas: expected numeric (int or float), got string', { spec: { replicas: '3' } }],
    ['.metadata.labels.a: expected string, got &value.valueUnstructured{Value:8080}', { metadata: { labels: { a: 8080 } } }],
    ['.metadata.labels.a: expected string, got &value.valueUnstructured{Value:[]interface {}{map[string]interface {}{"b":true, "c":interface {}(nil)}, "d"}}', { metadata: { labels: { a: [{ c: null, b: true }, 'd'] } } }],
    ['.spec.paused: expected boolean, got &{yes}', { spec: { paused: 'yes' } }],
    ['.spec.template: expected map, got &{[map[a:1 b:x] <nil>]}', { spec: { template: [{ b: 'x', a: 1 }, null] } }],
    ['.spec.strategy.rollingUpdate.maxSurge: expected any scalar, got &{map[]}', { spec: { strategy: { rollingUpdate: { maxSurge: {} } } } }],
    ['.spec.template.spec.containers: duplicate entries for key [name="a"]', { spec: { template: { spec: { containers: [{ name: 'a' }, { name: 'a' }] } } } }],
    ['.spec.template.spec.containers: duplicate entries for key [name=""]', { spec: { template: { spec: { containers: [{ image: 'a' }, { image: 'b' }] } } } }],
    ['metadata.managedFields must be nil', { metadata: { managedFields: [] } }],
    ['Incorrect version specified in apply patch. Specified patch version: v1, expected: apps/v1', { apiVersion: 'v1' }],
  ])('refuses: %s', (message, config) => {
    expect(() => apply(undefined, config, 'one')).toThrow(message);
  });
});

describe('writers that do not apply', () => {
  it('own what they change, and lose what others change', () => {
    const created = update(undefined, web('1'), 'kubectl');
    expect(entries(created)).toEqual([expect.objectContaining({ manager: 'kubectl', operation: 'Update', time: '2024-01-01T00:00:00Z' })]);
    expect(fieldsOf(created, 'kubectl')).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': { 'f:replicas': {}, 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:name': {}, 'f:image': {}, 'f:resources': {} } } } } },
    });
    const next = update(created, { ...web('2'), metadata: { name: 'web' } }, 'controller', { now: now + 1000 });
    expect(fieldsOf(next, 'controller')).toEqual({ 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { 'f:image': {} } } } } } });
    expect(fieldsOf(next, 'kubectl')).not.toHaveProperty('f:metadata');
  });

  it('own what Go did not have before: structs that are pointers, not those that are always there; lists, unless they were null', () => {
    const probe = { httpGet: { path: '/', port: 80 } };
    const made = update(undefined, {
      metadata: { name: 'web' },
      spec: {
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
        template: { spec: { securityContext: {}, volumes: [{ name: 'v', emptyDir: {} }], containers: [{ name: 'web', livenessProbe: probe, resources: { limits: { cpu: '1' } } }] } },
      },
      status: { conditions: [{ type: 'Available', status: 'True' }] },
    }, 'kubectl');
    expect(fieldsOf(made, 'kubectl')).toEqual({
      'f:spec': {
        'f:strategy': { 'f:type': {}, 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} } },
        'f:template': { 'f:spec': {
          'f:securityContext': {}, 'f:volumes': { '.': {}, 'k:{"name":"v"}': { '.': {}, 'f:name': {}, 'f:emptyDir': {} } },
          'f:containers': { 'k:{"name":"web"}': {
            '.': {}, 'f:name': {}, 'f:livenessProbe': { '.': {}, 'f:httpGet': { '.': {}, 'f:path': {}, 'f:port': {} } }, 'f:resources': { '.': {}, 'f:limits': { '.': {}, 'f:cpu': {} } },
          } },
        } },
      },
      'f:status': { 'f:conditions': { '.': {}, 'k:{"type":"Available"}': { '.': {}, 'f:type': {}, 'f:status': {}, 'f:lastTransitionTime': {}, 'f:lastUpdateTime': {} } } },
    });
    // What is empty there anyway is nobody's, whether it is written or not.
    expect(entries(update(undefined, { metadata: { name: 'web' }, spec: { strategy: {}, template: { metadata: {}, spec: {} } }, status: {} }, 'kubectl'))).toEqual([]);
  });

  it('change no entry when they change nothing', () => {
    const created = update(undefined, web('1'), 'kubectl');
    const next = update(created, web('1'), 'other', { now: now + 60_000 });
    expect(next).toEqual(created);
    expect(sameButManagedTimes(update(created, web('1'), 'kubectl', { now: now + 60_000 }), created)).toBe(true);
  });

  it('own nothing that their endpoint resets', () => {
    const created = update(undefined, { ...web('1'), status: { replicas: 1 } }, 'kubectl', { ignored: fieldSetOf('status') });
    expect(fieldsOf(created, 'kubectl')).not.toHaveProperty('f:status');
    const status = update(created, { ...web('1'), status: { replicas: 2 } }, 'controller', { subresource: 'status', ignored: fieldSetOf('spec') });
    expect(entries(status).find((entry) => entry.subresource === 'status')?.fieldsV1).toEqual({ 'f:status': { 'f:replicas': {} } });
  });

  it('may reset managedFields, or leave them out by ignorance', () => {
    const created = update(undefined, web('1'), 'kubectl');
    const reset = update(created, { ...web('1'), metadata: { name: 'web', labels: { app: 'web' }, managedFields: [{}] } }, 'kubectl');
    expect(entries(reset)).toEqual([]);
    expect(entries(update(created, web('1'), 'kubectl'))).toHaveLength(1);
    expect(entries(update(created, { ...web('1'), metadata: { name: 'web', labels: { app: 'web' }, managedFields: [{ operation: 'nonsense' }] } }, 'kubectl'))).toHaveLength(1);
  });

  it('may end the keeping of managedFields with none, until the object is applied', () => {
    const untracked = update(update(undefined, web('1'), 'kubectl'), { ...web('1'), metadata: { name: 'web', managedFields: [] } }, 'kubectl');
    const changed = update(untracked, web('2'), 'kubectl');
    expect([...entries(untracked), ...entries(changed)]).toEqual([]);
    expect(entries(apply(changed, { metadata: { labels: { a: 'b' } } }, 'one').object).map(({ manager }) => manager)).toEqual(['one', 'before-first-apply']);
  });

  it('may give entries one name: the last one counts', () => {
    const two = apply(apply(undefined, { metadata: { labels: { a: '1' } } }, 'one').object, { metadata: { labels: { b: '2' } } }, 'two').object;
    const renamed = entries(two).map((entry) => ({ ...entry, manager: 'same' })) as unknown as JsonObject[];
    expect(entries(update(two, { ...two, metadata: { ...(two['metadata'] as JsonObject), managedFields: renamed } }, 'kubectl')))
      .toEqual([expect.objectContaining({ manager: 'same', fieldsV1: { 'f:metadata': { 'f:labels': { 'f:b': {} } } } })]);
  });

  it('own of items that share their key only that there are some', () => {
    const env = [{ name: 'A', value: '1' }, { name: 'A', value: '2' }, { name: 'B', value: '1' }];
    const created = update(undefined, { spec: { template: { spec: { containers: [{ name: 'web', env }] } } } }, 'kubectl');
    expect(JSON.stringify(fieldsOf(created, 'kubectl'))).toContain('"k:{\\"name\\":\\"A\\"}":{},"k:{\\"name\\":\\"B\\"}":{"f:name":{},"f:value":{},".":{}}');
    const next = update(created, { spec: { template: { spec: { containers: [{ name: 'web', env: env.slice(1) }] } } } }, 'other');
    expect(JSON.stringify(fieldsOf(next, 'other'))).toContain('"f:env":{"k:{\\"name\\":\\"A\\"}":{"f:name":{},"f:value":{},".":{}}}');
    expect(JSON.stringify(fieldsOf(next, 'kubectl'))).not.toContain('A');
  });

  it('are put together when there are too many', () => {
    let object = update(undefined, web('1'), 'first');
    for (let i = 0; i < 15; i++) {
      object = update(
        object,
        {
          ...object,
          metadata: {
            ...(object['metadata'] as JsonObject),
            annotations: { ...((object['metadata'] as JsonObject)['annotations'] as JsonObject | undefined), [`a${i}`]: 'x' },
          },
        },
        `m${i}`,
        { now: now + i * 1000 },
      );
    }
    expect(entries(object)).toHaveLength(10);
    expect(fieldsOf(object, 'ancient-changes')).toMatchObject({ 'f:spec': { 'f:replicas': {} } });
  });
});
