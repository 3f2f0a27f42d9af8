import type { schedulerv1 } from '@navarch/proto';
import { podInfo, type ClusterEvent, type ClusterState, type PodInfo } from '@navarch/scheduling';
import { RemoteHints } from './remote-hints';

const pod = (uid: string): PodInfo => podInfo({ metadata: { name: uid, namespace: 'default', uid }, spec: { containers: [] } });
const event = (name: string): ClusterEvent => ({ name: 'NodeAdd', after: { metadata: { name } } });
const state = {} as ClusterState;

describe('hints of a plug-in in another process', () => {
  let requests: schedulerv1.QueueingHintRequest[];
  let answers: ((answer: Error | readonly string[]) => void)[];
  let helped: string[];
  let hints: RemoteHints;
  beforeEach(() => {
    [requests, answers, helped] = [[], [], []];
    hints = new RemoteHints({
      call: (request) => new Promise((resolve, reject) => {
        requests.push(request);
        answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve({ helpedUids: [...answer] })));
      }),
      helped: (uids, { after }) => helped.push(...uids.map((uid) => `${uid} by ${after?.metadata.name ?? ''}`)),
    });
  });
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const asked = (at: number): unknown => requests[at]?.events.map(({ after, podUids }) => [(JSON.parse(after.toString()) as { metadata: { name: string } }).metadata.name, ...podUids]);

  it('are no for now; the answer, when it comes, is of each event and its pods', async () => {
    const [a, b] = [event('a'), event('b')];
    expect([hints.hint(pod('x'), a, state), hints.hint(pod('y'), a, state), hints.hint(pod('x'), b, state)]).toEqual([false, false, false]);
    await turn();
    expect(asked(0)).toEqual([['a', 'x', 'y'], ['b', 'x']]);
    expect(requests[0]?.pods).toHaveLength(2);
    answers[0]?.(['x', 'stranger']);
    await turn();
    expect(helped).toEqual(['x by a', 'x by b']);
  });

  it('are asked for in one call at a time: what happens meanwhile comes together in the next', async () => {
    hints.hint(pod('x'), event('a'), state);
    await turn();
    for (const name of ['b', 'c']) hints.hint(pod('x'), event(name), state);
    await turn();
    expect(requests).toHaveLength(1);
    answers[0]?.([]);
    await turn();
    expect(asked(1)).toEqual([['b', 'x'], ['c', 'x']]);
    answers[1]?.([]);
    await turn();
    hints.hint(pod('x'), event('d'), state);
    await turn();
    expect(asked(2)).toEqual([['d', 'x']]);
  });

  it('of very many events are asked for in more than one call', async () => {
    for (let index = 0; index < 101; index++) hints.hint(pod('x'), event(`${index}`), state);
    await turn();
    answers[0]?.([]);
    await turn();
    expect(requests.map(({ events, pods }) => [events.length, pods.length])).toEqual([[100, 1], [1, 1]]);
  });

  it('of very many pods are asked for in more than one call, of each once', async () => {
    const many = event('many');
    for (let index = 0; index < 250; index++) hints.hint(pod(`p${index}`), many, state);
    for (let call = 0; call < 3; call++) {
      await turn();
      answers[call]?.(requests[call]?.events.flatMap(({ podUids }) => podUids) ?? []);
    }
    await turn();
    expect(requests.map(({ pods }) => pods.length)).toEqual([100, 100, 50]);
    expect(new Set(helped).size).toBe(250);
    expect(helped).toHaveLength(250);
  });

  it('are yes when a thousand events wait for a plug-in that does not answer', () => {
    for (let index = 0; index < 1_000; index++) expect(hints.hint(pod('x'), event(`${index}`), state)).toBe(false);
    expect(hints.hint(pod('x'), event('one more'), state)).toBe(true);
  });

  it('that fail help all that were asked about', async () => {
    hints.hint(pod('x'), event('a'), state);
    await turn();
    answers[0]?.(new Error('no'));
    await turn();
    expect(helped).toEqual(['x by a']);
  });
});
