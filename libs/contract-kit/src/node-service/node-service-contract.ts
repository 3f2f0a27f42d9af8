import assert from 'node:assert/strict';
import { nodev1 } from '@navarch/proto';
import { findRpcError, RpcStatus, type ServiceClient } from '@navarch/rpc';
import type { ContractCase } from '../contract-case';

export interface NodeServiceSubject {
  readonly node: ServiceClient<typeof nodev1.NodeServiceService>;
  /** A running container of this node that has `sh` and `cat`. */
  readonly container: nodev1.ContainerKey;
}

const refused = async (call: Promise<unknown>, code: RpcStatus): Promise<void> =>
  assert.rejects(call, (error: unknown) => {
    assert.equal(findRpcError(error)?.code, code);
    return true;
  });

interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: nodev1.ExecExit | undefined;
  readonly startedFirst: boolean;
}

/** Runs a command to its end. */
async function exec({ node, container }: NodeServiceSubject, command: readonly string[], input?: string, key = container): Promise<Finished> {
  async function* requests(): AsyncGenerator<nodev1.ExecRequest> {
    yield await Promise.resolve({ input: { $case: 'start', value: { container: key, command: [...command], stdin: input !== undefined, stdout: true, stderr: true, tty: false } } });
    if (input === undefined) return;
    yield { input: { $case: 'stdin', value: Buffer.from(input) } };
    yield { input: { $case: 'stdinClosed', value: true } };
  }
  let [stdout, stderr] = ['', ''];
  let exit: nodev1.ExecExit | undefined;
  const kinds: string[] = [];
  for await (const { output } of node.exec(requests())) {
    if (output === undefined) continue;
    kinds.push(output.$case);
    if (output.$case === 'stdout') stdout += output.value.toString();
    else if (output.$case === 'stderr') stderr += output.value.toString();
    else if (output.$case === 'exit') exit = output.value;
  }
  return { stdout, stderr, exit, startedFirst: kinds[0] === 'started' };
}

async function logs({ node }: NodeServiceSubject, request: Partial<nodev1.LogsRequest>): Promise<string> {
  let text = '';
  for await (const { data } of node.logs(nodev1.LogsRequest.fromPartial(request))) text += data.toString();
  return text;
}

/** What the apiserver relies on of a node: logs, exec, port-forward, stats. `ports`: those of the container are closed unless it listens (simulated ones answer on all). */
export const nodeServiceContract: readonly ContractCase<NodeServiceSubject>[] = [
  {
    name: 'runs a command, keeps its two outputs apart and tells its exit code last',
    async run(subject) {
      const done = await exec(subject, ['sh', '-c', 'echo out; cat /no/such/file; exit 3']);
      assert.deepEqual([done.stdout, done.exit?.code], ['out\n', 3]);
      assert.match(done.stderr, /No such file/);
      assert.ok(done.startedFirst, 'the first message was not `started`');
    },
  },
  {
    name: 'carries input to a command, and its end',
    async run(subject) {
      const input = 'to and fro\n'.repeat(10_000);
      const { stdout, exit } = await exec(subject, ['cat'], input);
      assert.equal(stdout.length, input.length);
      assert.equal(exit?.code, 0);
    },
  },
  {
    name: 'says which container it does not have',
    async run(subject) {
      await refused(exec(subject, ['true'], undefined, { ...subject.container, pod: 'contract-nobody', podUid: '' }), RpcStatus.NOT_FOUND);
      await refused(exec(subject, ['true'], undefined, { ...subject.container, podUid: 'another-uid' }), RpcStatus.NOT_FOUND);
    },
  },
  {
    name: 'streams a log, its last lines, and times when asked',
    async run(subject) {
      const { container } = subject;
      const all = await logs(subject, { container });
      const last = await logs(subject, { container, tailLines: 1n });
      assert.ok(all.endsWith(last), 'the last line is not the end of all');
      assert.ok(last.split('\n').length <= 2, 'more than one line');
      if (last !== '') assert.match(await logs(subject, { container, tailLines: 1n, timestamps: true }), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
      assert.ok((await logs(subject, { container, limitBytes: 3n })).length <= 3);
    },
  },
  {
    name: 'says when nobody listens on a port',
    needs: 'ports',
    async run({ node, container }) {
      async function* requests(): AsyncGenerator<nodev1.PortForwardRequest> {
        yield await Promise.resolve({ input: { $case: 'start', value: { namespace: container.namespace, pod: container.pod, podUid: container.podUid, port: 1 } } });
      }
      const said: (string | undefined)[] = [];
      const forward = async (): Promise<void> => {
        for await (const { output } of node.portForward(requests())) said.push(output?.$case);
      };
      await assert.rejects(forward());
      assert.ok(!said.includes('connected'), 'it says that it is connected');
    },
  },
  {
    name: 'tells what the node and its pods use, as upstream\'s summary',
    async run({ node, container }) {
      const { summary } = await node.stats({});
      const { node: self, pods } = JSON.parse(summary.toString()) as { node?: { nodeName?: string }; pods?: { podRef: { name: string; namespace: string } }[] };
      assert.notEqual(self?.nodeName ?? '', '');
      assert.ok(pods?.some(({ podRef }) => podRef.name === container.pod && podRef.namespace === container.namespace), 'the pod is not in the summary');
    },
  },
];
