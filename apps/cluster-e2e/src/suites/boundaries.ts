import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, type RunningCluster } from '../harness/cluster';
import { typeUntil } from '../harness/readme';
import { must } from '../harness/shell';

/** What a line of documentation shows, by what is in the line. */
const shows: readonly (readonly [line: RegExp, shown: RegExp])[] = [
  [/tap -- apiserver/, /nats (change|bookmark)\./],
  [/apiserver-1 node tools\/tap\.mjs/, /rest GET \/readyz .*"code":200/],
  [/node-1 node tools\/tap\.mjs/, /grpc \/runtime\.v1\.RuntimeService\//],
  [/tap (-- )?changes/, /MODIFIED leases kube-node-lease\/node-1/],
  [/tap (-- )?snapshot pods/, /pods: \d+ objects, true at \d+/],
  [/kubectl get --raw \/metrics/, /# HELP/],
  [/nats-sub\.mjs 'change\.core\.pods\.>'/, /change\.core\.pods\.[^ ]+ \d+ B \{"epoch"/],
  [/nats-sub\.mjs 'heartbeat\.>'/, /heartbeat\.node-\d 15 B \{"node":"node-/],
  [/buf curl .*--list-methods/, /navarch\.object\.v1\.ObjectService\/Watch/],
  [/buf curl .*-d '\{"key"/, /\{"apiVersion":"v1","kind":"Node","metadata":/],
  [/buf curl .*-d '\{"class"/, /"resourceVersion": "\d+",\n +"objects": \[/],
];
/** Such lines make ready for those after them. */
const preparing = /^(export|mkdir|docker-compose run .*\| tar) /;

/**
 * Types the lines by which documentation lets one look into a cluster, and waits for what each promises. There must be a pod of a Deployment.
 * @param here what to type on this machine for a line
 */
export function boundaries(cluster: RunningCluster, lines: readonly string[], here: (line: string) => string): void {
  const looking = lines.filter((line) => !preparing.test(line));
  const directory = mkdtempSync(join(tmpdir(), 'navarch-looking-'));
  const prepared = join(directory, 'environment');
  const known = (line: string): readonly (readonly [RegExp, RegExp])[] => shows.filter(([of]) => of.test(line));

  // Once for all lines after them: what they take from the cluster stays the same.
  beforeAll(() => must('bash', ['-c', [`set -e; cd ${root}`, ...lines.filter((line) => preparing.test(line)).map(here), `export -p > ${prepared}`].join('\n')], { env: cluster.env }));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('knows what each line shows', () => {
    expect(looking.filter((line) => known(line).length !== 1)).toEqual([]);
    expect(looking.length).toBeGreaterThan(8);
  });

  it.each(looking)('%s', async (line) => {
    const [[, awaited] = [/^$/, /^$/]] = known(line);
    const seen = typeUntil([...(line.includes('$') ? [`. ${prepared}`] : []), here(line)].join('\n'), awaited, cluster.env);
    // Something to see among the pods, as long as somebody looks.
    const looked = seen.then(() => true);
    const touched = async (turn: number): Promise<boolean> => {
      await cluster.kubectl(`annotate --overwrite pods --all seen=turn-${turn}`);
      return false;
    };
    for (let turn = 0; line.includes('pods'); turn++) if (await Promise.race([looked, touched(turn)])) break;
    await looked;
  });
}
