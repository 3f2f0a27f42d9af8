import { mergeViews, type ContainerView, type RuntimeView } from './runtime-view';

const container = (state: ContainerView['state']): ContainerView => ({
  id: 'a', name: 'main', sandboxId: 's', attempt: 0, hash: '', state, createdAtMs: 1, startedAtMs: 1, finishedAtMs: 0, exitCode: 0, reason: '', message: '', image: '', imageRef: '', logPath: '',
});
const view = (...containers: ContainerView[]): RuntimeView => ({ sandboxes: [], containers });
const stateOf = ({ containers: [first] }: RuntimeView): string | undefined => first?.state;

describe('a fresh look at the runtime', () => {
  it.each([
    ['running', 'unknown', 'unknown'],
    ['unknown', 'running', 'running'],
    ['created', 'unknown', 'unknown'],
    ['exited', 'unknown', 'exited'],
    ['unknown', 'exited', 'exited'],
    ['exited', 'running', 'exited'],
    ['running', 'created', 'running'],
  ] as const)('at what was known to be %s and is told to be %s finds it %s', (known, told, found) => {
    const now = view(container(known));
    expect(stateOf(mergeViews(now, view(container(told)), now))).toBe(found);
  });

  it('loses to what was learnt while it was taken', () => {
    const before = view(container('unknown'));
    expect(stateOf(mergeViews(view(container('running')), view(container('unknown')), before))).toBe('running');
    expect(stateOf(mergeViews(view(container('exited')), view(container('unknown')), before))).toBe('exited');
  });

  it('forgets what is not there any more, and keeps what came into being meanwhile', () => {
    const known = view(container('running'));
    expect(stateOf(mergeViews(known, view(), known))).toBeUndefined();
    expect(stateOf(mergeViews(known, view(), view()))).toBe('running');
  });
});
