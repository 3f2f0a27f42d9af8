import assert from 'node:assert/strict';
import { schedulerv1 } from '@navarch/proto';
import type { ServiceClient } from '@navarch/rpc';
import type { ContractCase } from '../contract-case';

export interface SchedulerPluginSubject {
  readonly plugin: ServiceClient<typeof schedulerv1.PluginServiceService>;
}

const maxScore = 100;
const { ALLOW, WAIT, REFUSE } = schedulerv1.PermitDecision;
const { PRE_FILTER, FILTER, POST_FILTER, SCORE, RESERVE, PERMIT, PRE_BIND, POST_BIND } = schedulerv1.ExtensionPoint;
const points = [PRE_FILTER, FILTER, POST_FILTER, SCORE, RESERVE, PERMIT, PRE_BIND, POST_BIND];

const pod = Buffer.from(JSON.stringify({
  apiVersion: 'v1', kind: 'Pod', metadata: { name: 'contract', namespace: 'default', uid: 'contract' },
  spec: { containers: [{ name: 'main', image: 'navarch.local/web:1', resources: { requests: { cpu: '100m', memory: '64Mi' } } }] },
}));

const node = (name: string): schedulerv1.NodeState => ({
  name,
  node: Buffer.from(JSON.stringify({
    apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/hostname': name } }, spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' }, conditions: [{ type: 'Ready', status: 'True' }] },
  })),
  requested: { cpu: 500n, memory: 1n << 29n },
});
const nodes = ['a', 'b', 'c'].map(node);

/** What an event of that name may be about. */
const objectOf = (event: string): Buffer => {
  if (event.startsWith('Node')) return node('a').node;
  return event.includes('Pod') && !event.startsWith('PodGroup') ? pod : Buffer.from(JSON.stringify({ metadata: { name: 'contract', namespace: 'default' } }));
};

const takesPartIn = async ({ plugin }: SchedulerPluginSubject, point: schedulerv1.ExtensionPoint): Promise<boolean> => (await plugin.describe({})).extensionPoints.includes(point);

/** What the scheduler relies on of a plug-in in a process of its own. */
export const schedulerPluginContract: readonly ContractCase<SchedulerPluginSubject>[] = [
  {
    name: 'names itself and at least one extension point that there is',
    async run({ plugin }) {
      const { name, extensionPoints } = await plugin.describe({});
      assert.notEqual(name, '');
      assert.ok(extensionPoints.length > 0, 'no extension point');
      for (const point of extensionPoints) assert.ok(points.includes(point), `unknown extension point ${point}`);
      assert.equal(new Set(extensionPoints).size, extensionPoints.length, 'an extension point twice');
    },
  },
  {
    name: 'describes itself the same way every time',
    async run({ plugin }) {
      assert.deepEqual(await plugin.describe({}), await plugin.describe({}));
    },
  },
  {
    name: 'gives a verdict on every node it is asked about, and a reason for every refusal',
    async run(subject) {
      if (!(await takesPartIn(subject, FILTER))) return;
      const { verdicts } = await subject.plugin.filter({ pod, nodes });
      assert.deepEqual(verdicts.map((verdict) => verdict.node).sort(), ['a', 'b', 'c']);
      for (const { node: name, feasible, reason } of verdicts) assert.ok(feasible || reason !== '', `no reason for the refusal of ${name}`);
    },
  },
  {
    name: 'gives the same verdict whatever nodes are asked about beside',
    async run(subject) {
      if (!(await takesPartIn(subject, FILTER))) return;
      const together = (await subject.plugin.filter({ pod, nodes })).verdicts.find((verdict) => verdict.node === 'b');
      const [alone] = (await subject.plugin.filter({ pod, nodes: [node('b')] })).verdicts;
      assert.deepEqual(alone, together);
    },
  },
  {
    name: 'says of a pod before nodes are looked at one thing only, and the same every time',
    async run(subject) {
      if (!(await takesPartIn(subject, PRE_FILTER))) return;
      const answer = await subject.plugin.preFilter({ pod });
      assert.ok(Number(answer.skip) + Number(answer.refusal !== '') <= 1, 'a refusal, and nothing to say');
      assert.ok(answer.refusal === '' || answer.nodes === undefined, 'a refusal, and nodes that come into question');
      assert.deepEqual(await subject.plugin.preFilter({ pod }), answer);
    },
  },
  {
    name: 'makes room only on a node that refused the pod',
    async run(subject) {
      if (!(await takesPartIn(subject, POST_FILTER))) return;
      const refusals = ['a', 'b'].map((name) => ({ node: name, plugin: 'NodeResourcesFit', reasons: ['Insufficient cpu'], unresolvable: false }));
      const { nominatedNode, victimUids } = await subject.plugin.postFilter({ pod, refusals });
      assert.ok(['', 'a', 'b'].includes(nominatedNode), `room on ${nominatedNode}, which was not spoken of`);
      assert.ok(nominatedNode !== '' || victimUids.length === 0, 'pods are to go from no node');
    },
  },
  {
    name: 'lets a pod go to its node, or says why not, or for how long it has to wait',
    async run(subject) {
      if (!(await takesPartIn(subject, PERMIT))) return;
      const { decision, reason, timeoutMs } = await subject.plugin.permit({ pod, node: 'a' });
      assert.ok([ALLOW, WAIT, REFUSE].includes(decision), `${decision} is no decision`);
      assert.ok(decision !== REFUSE || reason !== '', 'no reason for the refusal');
      assert.ok(decision !== WAIT || timeoutMs > 0, 'a wait that takes no time');
    },
  },
  {
    name: 'prepares a binding as often as it is asked to, and hears of its end',
    async run(subject) {
      if (await takesPartIn(subject, PRE_BIND)) assert.deepEqual(await subject.plugin.preBind({ pod, node: 'a' }), await subject.plugin.preBind({ pod, node: 'a' }));
      if (await takesPartIn(subject, POST_BIND)) await subject.plugin.postBind({ pod, node: 'a' });
    },
  },
  {
    name: 'scores every node it is asked about from 0 to 100, or says how its scores are to be read',
    async run(subject) {
      if (!(await takesPartIn(subject, SCORE))) return;
      const { scores } = await subject.plugin.score({ pod, nodes });
      assert.deepEqual(scores.map((score) => score.node).sort(), ['a', 'b', 'c']);
      if ((await subject.plugin.describe({})).scoreNormalization !== schedulerv1.ScoreNormalization.UNSPECIFIED) return;
      for (const { score } of scores) assert.ok(Number.isInteger(score) && score <= maxScore, `${score} is not from 0 to ${maxScore}`);
    },
  },
  {
    name: 'answers about no nodes with nothing',
    async run(subject) {
      if (await takesPartIn(subject, FILTER)) assert.deepEqual((await subject.plugin.filter({ pod, nodes: [] })).verdicts, []);
      if (await takesPartIn(subject, SCORE)) assert.deepEqual((await subject.plugin.score({ pod, nodes: [] })).scores, []);
    },
  },
  {
    name: 'says of pods that it is asked about, and of no others, that what it names can help them',
    async run({ plugin }) {
      const { queueingEvents, queueingHints } = await plugin.describe({});
      if (!queueingHints) return;
      assert.ok(queueingEvents.length > 0, 'hints, and no events to give them for');
      const events = queueingEvents.map((name) => ({ name, before: Buffer.alloc(0), after: objectOf(name), podUids: ['contract'] }));
      const { helpedUids } = await plugin.queueingHint({ events, pods: [pod] });
      assert.ok(helpedUids.every((uid) => uid === 'contract'), `${helpedUids.join(', ')}: it was not asked about these`);
      assert.deepEqual((await plugin.queueingHint({ events: [], pods: [] })).helpedUids, []);
    },
  },
  {
    name: 'reserves what it can take back, twice if need be',
    async run(subject) {
      if (!(await takesPartIn(subject, RESERVE))) return;
      await subject.plugin.reserve({ pod, node: 'a' });
      await subject.plugin.unreserve({ pod, node: 'a' });
      await subject.plugin.unreserve({ pod, node: 'a' });
    },
  },
  {
    name: 'answers a pod that is no JSON with an error, and goes on',
    async run(subject) {
      const call = (await takesPartIn(subject, FILTER)) ? subject.plugin.filter({ pod: Buffer.from('{'), nodes }) : subject.plugin.score({ pod: Buffer.from('{'), nodes });
      await call.catch(() => undefined); // a plug-in that does not look at the pod may answer
      await subject.plugin.describe({});
    },
  },
];
