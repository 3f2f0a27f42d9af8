import { admissionregistration, core, type admissionregistrationv1, type corev1, type KubeObject } from '@navarch/api';
import type { JsonValue, Status } from '@navarch/apimachinery';
import { createRegistry, silentLogger } from '@navarch/component-base';
import { aPod } from '@navarch/testing';
import { abandonmentBy, type AdmissionAttributes, LazyAbandonment } from '../../pipeline';
import { PluginChain } from '../../pipeline/admission-chain';
import { anAdmission, refusalOf } from '../../testing/admission-attributes';
import { memoryRegistry, type MemoryRegistry } from '../../testing/memory-registry';
import { ObjectTable } from '../../testing/object-table';
import { RegistryVersions } from '../request-versions';
import { MatchConditionMetrics } from '../match-condition-metrics';
import { matchConditionCheck } from './match-condition-check';
import { MutatingAdmissionWebhook } from './mutating-webhooks';
import { matchedVersion, ruleMatches, type Rule } from './rule-match';
import { ValidatingAdmissionWebhook } from './validating-webhooks';
import { WebhookMetrics } from './webhook-metrics';

type Webhook = admissionregistrationv1.MutatingWebhook;
interface Review {
  readonly apiVersion: string;
  readonly request: { uid: string; object: KubeObject & { spec: Record<string, unknown> }; operation: string; kind: { group: string; version: string; kind: string }; dryRun: boolean; options?: unknown };
}
type Answer = (review: Review) => { allowed?: boolean; status?: Partial<Status>; patch?: JsonValue; warnings?: string[]; auditAnnotations?: Record<string, string> } | string | Error;

const podRule: Rule = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const aWebhook = (name: string, over: Partial<Webhook> = {}): Webhook => ({ name, admissionReviewVersions: ['v1'], clientConfig: { url: `https://${name}/` }, sideEffects: 'None', rules: [podRule], failurePolicy: 'Fail', ...over });

let registry: MemoryRegistry;
beforeAll(async () => (registry = await memoryRegistry()));
afterAll(() => registry.stop());

/** Webhooks that answer in memory, by name; who was asked, in order. */
class World {
  readonly asked: string[] = [];
  readonly reviews: Review[] = [];
  /** How long they may take. */
  readonly seconds: number[] = [];
  readonly warnings: string[] = [];
  readonly notes: Record<string, string> = {};
  readonly table = new ObjectTable().put(core.namespaces, { metadata: { name: 'default', labels: { team: 'a' } } });
  readonly chain = new PluginChain();
  readonly metrics = createRegistry();

  constructor(mutating: Webhook[], validating: Webhook[], answers: Readonly<Record<string, Answer>>) {
    this.table.put(admissionregistration.mutatingwebhookconfigurations, { metadata: { name: 'm' }, webhooks: mutating }).put(admissionregistration.validatingwebhookconfigurations, { metadata: { name: 'v' }, webhooks: validating });
    const deps = {
      reader: this.table, versions: new RegistryVersions(registry.registry), log: silentLogger, metrics: new WebhookMetrics(this.metrics), conditions: new MatchConditionMetrics(this.metrics),
      authorizer: { name: 'some', authorize: () => ({ verdict: 'no-opinion' as const }) },
      caller: {
        post: ({ url = '' }: { url?: string }, body: string, { timeoutSeconds }: { timeoutSeconds: number }) => {
          this.seconds.push(timeoutSeconds);
          const name = new URL(url).hostname;
          const review = JSON.parse(body) as Review;
          this.asked.push(name);
          this.reviews.push(review);
          const answer = answers[name]?.(review) ?? {};
          if (answer instanceof Error) return Promise.reject(answer);
          if (typeof answer === 'string') return Promise.resolve({ code: 200, body: answer });
          const { patch, ...rest } = answer;
          const response = { uid: review.request.uid, allowed: true, ...rest, ...(patch === undefined ? {} : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }) };
          return Promise.resolve({ code: 200, body: JSON.stringify({ apiVersion: review.apiVersion, kind: 'AdmissionReview', response }) });
        },
      },
    };
    this.chain.install([new MutatingAdmissionWebhook(deps), new ValidatingAdmissionWebhook(deps)]);
  }

  async admit(attributes: AdmissionAttributes): Promise<string> {
    const watched: AdmissionAttributes = { ...attributes, warn: (text) => this.warnings.push(text), annotate: (key, value, from) => (this.notes[from ? `${key} from ${from}` : key] = value) };
    return refusalOf(async () => {
      await this.chain.mutate(watched);
      await this.chain.validate(watched);
    });
  }
}

describe('rules', () => {
  const write = anAdmission(aPod().build());
  const pods = { group: '', version: 'v1', resource: 'pods', kind: { group: '', version: 'v1', kind: 'Pod' } };

  it.each<{ reason: string; rule: Partial<Rule>; over?: Partial<AdmissionAttributes>; matches: boolean }>([
    { reason: 'its resource', rule: {}, matches: true },
    { reason: 'everything', rule: { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }, matches: true },
    { reason: 'other operations', rule: { operations: ['DELETE'] }, matches: false },
    { reason: 'another group', rule: { apiGroups: ['apps'] }, matches: false },
    { reason: 'another version', rule: { apiVersions: ['v2'] }, matches: false },
    { reason: 'another resource', rule: { resources: ['nodes'] }, matches: false },
    { reason: 'no subresource by the plain name', rule: { resources: ['pods'] }, over: { subresource: 'status' }, matches: false },
    { reason: 'no subresource by the plain star', rule: { resources: ['*'] }, over: { subresource: 'status' }, matches: false },
    { reason: 'a subresource by name', rule: { resources: ['pods/status'] }, over: { subresource: 'status' }, matches: true },
    { reason: 'that subresource of any', rule: { resources: ['*/status'] }, over: { subresource: 'status' }, matches: true },
    { reason: 'any part of pods', rule: { resources: ['pods/*'] }, over: { subresource: 'status' }, matches: true },
    { reason: 'all of all', rule: { resources: ['*/*'] }, matches: true },
    { reason: 'what lies in a namespace', rule: { scope: 'Namespaced' }, matches: true },
    { reason: 'what lies in none', rule: { scope: 'Cluster' }, matches: false },
  ])('are about $reason: $matches', ({ rule, over, matches }) => {
    expect(ruleMatches({ ...podRule, ...rule }, { ...write, ...over }, pods)).toBe(matches);
  });

  it('find an equivalent version unless they want an exact one', () => {
    const versions = ['v2', 'v1'].map((version) => ({ group: 'g', version, resource: 'r', kind: { group: 'g', version, kind: 'K' } }));
    const rules: Rule[] = [{ operations: ['*'], apiGroups: ['g'], apiVersions: ['v1'], resources: ['r'] }];
    expect(matchedVersion(rules, 'Equivalent', write, versions)?.version).toBe('v1');
    expect(matchedVersion(rules, 'Exact', write, versions)).toBeUndefined();
  });
});

describe('mutating webhooks', () => {
  const label = (key: string, value: string): JsonValue => [{ op: 'add', path: `/metadata/labels/${key}`, value }];
  const labelled = (): corev1.Pod => aPod().with(({ metadata }) => (metadata.labels = { own: 'yes' })).build();

  it('change the object one after the other, and it is defaulted again', async () => {
    const sidecar: Answer = () => ({ patch: [{ op: 'add', path: '/spec/containers/-', value: { name: 'side', image: 'proxy:1', ports: [{ containerPort: 80 }] } }] });
    const world = new World([aWebhook('one.example.com'), aWebhook('two.example.com')], [], { 'one.example.com': sidecar, 'two.example.com': ({ request }) => ({ patch: label('seen', String((request.object.spec['containers'] as unknown[]).length)) }) });
    const pod = labelled();
    expect(await world.admit(anAdmission(pod))).toBe('');
    expect(world.asked).toEqual(['one.example.com', 'two.example.com']);
    expect(pod.metadata.labels).toEqual({ own: 'yes', seen: '2' });
    expect(pod.spec?.containers[1]).toMatchObject({ name: 'side', terminationMessagePolicy: 'File', imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: 80, protocol: 'TCP' }] });
    expect(world.reviews[0]?.request).toMatchObject({ operation: 'CREATE', kind: { group: '', version: 'v1', kind: 'Pod' }, dryRun: false, object: { apiVersion: 'v1', kind: 'Pod' } });
    expect(JSON.parse(world.notes['mutation.webhook.admission.k8s.io/round_0_index_0'] ?? '')).toEqual({ configuration: 'm', webhook: 'one.example.com', mutated: true });
  });

  it('are asked again about what later ones have changed, if they want to be', async () => {
    const world = new World([aWebhook('wants.example.com', { reinvocationPolicy: 'IfNeeded' }), aWebhook('never.example.com', { reinvocationPolicy: 'Never' }), aWebhook('last.example.com')], [], { 'last.example.com': () => ({ patch: label('late', 'yes') }) });
    expect(await world.admit(anAdmission(labelled()))).toBe('');
    expect(world.asked).toEqual(['wants.example.com', 'never.example.com', 'last.example.com', 'wants.example.com']);
    expect(world.reviews[3]?.request.object.metadata.labels).toEqual({ own: 'yes', late: 'yes' });
  });

  it('leave what they have changed in the audit, from the level on that shows the object', async () => {
    const world = new World([aWebhook('one.example.com'), aWebhook('two.example.com')], [], { 'one.example.com': () => ({ patch: label('seen', 'yes') }), 'two.example.com': () => ({ allowed: false }) });
    expect(await world.admit(anAdmission(labelled()))).toContain('admission webhook "two.example.com" denied the request');
    const note = (webhook: string, rest: object): string => JSON.stringify({ configuration: 'm', webhook, ...rest });
    expect(world.notes).toEqual({
      'mutation.webhook.admission.k8s.io/round_0_index_0': note('one.example.com', { mutated: true }),
      'patch.webhook.admission.k8s.io/round_0_index_0 from Request': note('one.example.com', { patch: label('seen', 'yes'), patchType: 'JSONPatch' }),
      'mutation.webhook.admission.k8s.io/round_0_index_1': note('two.example.com', { mutated: false }),
    });
  });

  it('cannot change what is deleted', async () => {
    const world = new World([aWebhook('one.example.com', { failurePolicy: 'Ignore' })], [], { 'one.example.com': () => ({ patch: label('seen', 'yes') }) });
    expect(await world.admit(anAdmission(undefined, { operation: 'DELETE', oldObject: labelled() }))).toBe('Internal error occurred: admission webhook "one.example.com" attempted to modify the object, which is not supported for this operation');
  });

  it.each<{ reason: string; answer: Answer; says: string }>([
    { reason: 'a patch that does not fit', answer: () => ({ patch: [{ op: 'remove', path: '/spec/nothing' }] }), says: 'Internal error occurred: ' },
    { reason: 'no review', answer: () => '{"apiVersion":"v1","kind":"Pod"}', says: 'Internal error occurred: failed calling webhook "one.example.com": received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got v1, Kind=Pod' },
    { reason: 'another uid', answer: () => '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"x","allowed":true}}', says: 'failed calling webhook "one.example.com": received invalid webhook response: expected response.uid=' },
    { reason: 'nobody there', answer: () => new Error('Post "https://one.example.com/?timeout=10s": connect ECONNREFUSED'), says: 'Internal error occurred: failed calling webhook "one.example.com": failed to call webhook: Post "https://one.example.com/?timeout=10s": connect ECONNREFUSED' },
  ])('that fail refuse the write: $reason', async ({ answer, says }) => {
    const world = new World([aWebhook('one.example.com')], [], { 'one.example.com': answer });
    expect(await world.admit(anAdmission(labelled()))).toContain(says);
  });

  it('are not asked once the time of the request is over, and one that may fail does not save it', async () => {
    const aborter = new AbortController();
    const late = (): Error => {
      aborter.abort(new Error('too late'));
      return new Error('aborted');
    };
    const world = new World([aWebhook('one.example.com', { failurePolicy: 'Ignore' }), aWebhook('two.example.com', { failurePolicy: 'Ignore' })], [], { 'one.example.com': late });
    await expect(world.chain.mutate({ ...anAdmission(labelled()), abandonment: abandonmentBy(aborter.signal) })).rejects.toThrow('too late');
    expect(world.asked).toEqual(['one.example.com']);
  });

  it('have as much time as they ask for, and no more than the request has', async () => {
    const world = new World([aWebhook('one.example.com'), aWebhook('two.example.com', { timeoutSeconds: 2 })], [], {});
    const write = anAdmission(labelled());
    await world.chain.mutate(write);
    await world.chain.mutate({ ...write, abandonment: new LazyAbandonment({ deadline: { msLeft: 3500 } }) });
    expect(world.seconds).toEqual([10, 2, 3.5, 2]);
  });

  it('that may fail are passed over', async () => {
    const world = new World([aWebhook('one.example.com', { failurePolicy: 'Ignore' })], [aWebhook('two.example.com', { failurePolicy: 'Ignore' })], { 'one.example.com': () => new Error('gone'), 'two.example.com': () => 'nonsense' });
    expect(await world.admit(anAdmission(labelled()))).toBe('');
    expect(await world.metrics.metrics()).toContain('apiserver_admission_webhook_fail_open_count{name="one.example.com",type="admit"} 1');
    expect(world.notes).toMatchObject({
      'failed-open.mutation.webhook.admission.k8s.io/round_0_index_0': 'one.example.com',
      'failed-open.validating.webhook.admission.k8s.io/round_0_index_0': 'two.example.com',
    });
  });
});

describe('validating webhooks', () => {
  it.each<{ status: Partial<Status>; says: string; code: number }>([
    { status: { message: 'no such pods here', code: 403, reason: 'Forbidden' }, says: 'admission webhook "v.example.com" denied the request: no such pods here', code: 403 },
    { status: { reason: 'Forbidden' }, says: 'admission webhook "v.example.com" denied the request: Forbidden', code: 400 },
    { status: { code: 200 }, says: 'admission webhook "v.example.com" denied the request without explanation', code: 400 },
  ])('refuse: $says', async ({ status, says, code }) => {
    const world = new World([], [aWebhook('v.example.com')], { 'v.example.com': () => ({ allowed: false, status }) });
    expect(await world.admit(anAdmission(aPod().build()))).toBe(says);
    const error: unknown = await world.chain.validate(anAdmission(aPod().build())).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
  });

  it('may not patch', async () => {
    const world = new World([], [aWebhook('v.example.com')], { 'v.example.com': () => ({ patch: [] }) });
    expect(await world.admit(anAdmission(aPod().build()))).toContain('validating webhook may not return response.patch');
  });

  it('are asked in the version that they know', async () => {
    const world = new World([], [aWebhook('v.example.com', { admissionReviewVersions: ['v2', 'v1beta1'] })], { 'v.example.com': ({ apiVersion }) => ({ allowed: false, status: { message: apiVersion } }) });
    expect(await world.admit(anAdmission(aPod().build()))).toBe('admission webhook "v.example.com" denied the request: admission.k8s.io/v1beta1');
  });

  it('see options of one kind, whichever group a client has named', async () => {
    const world = new World([], [aWebhook('v.example.com')], { 'v.example.com': ({ request }) => ({ allowed: false, status: { message: JSON.stringify(request.options) } }) });
    const old = aPod().build();
    const said = await world.admit(anAdmission(undefined, { operation: 'DELETE', oldObject: old, options: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 } }));
    expect(said).toContain('{"kind":"DeleteOptions","apiVersion":"meta.k8s.io/v1","gracePeriodSeconds":0}');
  });

  it('warn, and note for the audit', async () => {
    const world = new World([], [aWebhook('v.example.com')], { 'v.example.com': () => ({ warnings: ['old ways'], auditAnnotations: { why: 'because' } }) });
    expect(await world.admit(anAdmission(aPod().build()))).toBe('');
    expect(world.warnings).toEqual(['old ways']);
    expect(world.notes).toEqual({ 'v.example.com/why': 'because' });
  });

  it.each<{ reason: string; webhook: Partial<Webhook>; over?: Partial<AdmissionAttributes>; asked: boolean }>([
    { reason: 'the namespace it selects', webhook: { namespaceSelector: { matchLabels: { team: 'a' } } }, asked: true },
    { reason: 'another namespace', webhook: { namespaceSelector: { matchLabels: { team: 'b' } } }, asked: false },
    { reason: 'objects it selects', webhook: { objectSelector: { matchLabels: { app: 'web' } } }, asked: true },
    { reason: 'other objects', webhook: { objectSelector: { matchLabels: { app: 'db' } } }, asked: false },
    { reason: 'its conditions', webhook: { matchConditions: [{ name: 'c', expression: 'object.metadata.labels.app == "web" && request.operation == "CREATE"' }] }, asked: true },
    { reason: 'a condition that does not hold', webhook: { matchConditions: [{ name: 'c', expression: 'request.userInfo.username == "root"' }] }, asked: false },
    { reason: 'what the user may do', webhook: { matchConditions: [{ name: 'c', expression: 'authorizer.group("").resource("pods").check("breakglass").allowed()' }] }, asked: false },
    { reason: 'a condition that fails, and does not matter', webhook: { failurePolicy: 'Ignore', matchConditions: [{ name: 'c', expression: 'object.spec.none == 1' }] }, asked: false },
    { reason: 'the configuration of webhooks', webhook: { rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }] }, over: { group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations', namespaced: false, namespace: '' }, asked: false },
  ])('are asked about $reason: $asked', async ({ webhook, over, asked }) => {
    const world = new World([], [aWebhook('v.example.com', webhook)], {});
    expect(await world.admit(anAdmission(aPod().with(({ metadata }) => (metadata.labels = { app: 'web' })).build(), over))).toBe('');
    expect(world.asked).toEqual(asked ? ['v.example.com'] : []);
  });

  it('refuse what a condition cannot be evaluated for', async () => {
    const world = new World([], [aWebhook('v.example.com', { matchConditions: [{ name: 'c', expression: 'object.spec.none == 1' }] })], {});
    expect(await world.admit(anAdmission(aPod().build()))).toBe('pods "pod" is forbidden: expression \'object.spec.none == 1\' resulted in error: no such key: none');
    expect(await world.metrics.metrics()).toContain('apiserver_admission_match_condition_evaluation_errors_total{name="v.example.com",kind="webhook",type="validating",operation="CREATE"} 1');
  });

  it('with a condition that another server has stored, and that cannot be compiled, are no burden to the others', async () => {
    const world = (failurePolicy: string): World => new World([], [aWebhook('v.example.com', { failurePolicy, matchConditions: [{ name: 'c', expression: 'object.unknownFunction()' }] }), aWebhook('w.example.com')], {});
    expect(await world('Fail').admit(anAdmission(aPod().build()))).toContain('pods "pod" is forbidden: compilation error: ');
    const lenient = world('Ignore');
    expect(await lenient.admit(anAdmission(aPod().build()))).toBe('');
    expect(lenient.asked).toEqual(['w.example.com']);
    expect(await lenient.metrics.metrics()).toContain('apiserver_admission_match_condition_exclusions_total{name="v.example.com",kind="webhook",type="validating",operation="CREATE"} 1');
  });

  it('with side effects do not take part in dry runs', async () => {
    const world = new World([], [aWebhook('v.example.com', { sideEffects: 'Some' })], {});
    expect(await world.admit(anAdmission(aPod().build(), { dryRun: true }))).toBe('admission webhook "v.example.com" does not support dry run');
  });

  it('are followed as they change', async () => {
    const world = new World([], [], { 'v.example.com': () => ({ allowed: false }) });
    expect(await world.admit(anAdmission(aPod().build()))).toBe('');
    world.table.put(admissionregistration.validatingwebhookconfigurations, { metadata: { name: 'v' }, webhooks: [aWebhook('v.example.com')] });
    expect(await world.admit(anAdmission(aPod().build()))).toContain('denied the request');
  });
});

it('refuses conditions that do not compile', async () => {
  const configuration = { metadata: { name: 'v' }, webhooks: [aWebhook('v.example.com', { matchConditions: [{ name: 'a', expression: 'object.x ==' }, { name: 'b', expression: '1 + 1' }, { name: 'c', expression: 'true' }] })] } as KubeObject;
  const write = anAdmission(configuration, { group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations', kind: 'ValidatingWebhookConfiguration' });
  const says = await refusalOf(() => matchConditionCheck.validate?.(write));
  expect(says).toContain('webhooks[0].matchConditions[0].expression: Invalid value: "object.x ==": compilation failed: ERROR: <input>:1:12: Syntax error');
  expect(says).toContain('webhooks[0].matchConditions[1].expression: Invalid value: "1 + 1": compilation failed: must evaluate to bool');
  expect(says).not.toContain('matchConditions[2]');
});

it('lets conditions be that were stored before, as long as none of them changes', async () => {
  const of = (...expressions: string[]): KubeObject => ({ metadata: { name: 'v' }, webhooks: expressions.map((expression, i) => aWebhook(`v${i}.example.com`, { matchConditions: [{ name: 'a', expression }] })) }) as KubeObject;
  const says = (object: KubeObject, oldObject: KubeObject): Promise<string> =>
    refusalOf(() => matchConditionCheck.validate?.(anAdmission(object, { operation: 'UPDATE', oldObject, group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations', kind: 'ValidatingWebhookConfiguration' })));
  expect(await says(of('object.x =='), of('object.x =='))).toBe('');
  for (const before of [of('true'), of('object.x ==', 'true')]) expect(await says(of('object.x =='), before)).toContain('matchConditions[0].expression: Invalid value');
});
