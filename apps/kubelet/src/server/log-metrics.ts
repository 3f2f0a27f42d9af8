import { dirname } from 'node:path';
import { diskUse } from '../eviction/read-usage';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import { type PodWorker } from '../pods/pod-worker';
import { MetricText } from './metric-text';

/** What the logs of running containers take of the disk, rotated ones included. One that cannot be looked at is left out. */
export async function logMetrics(workers: readonly Pick<PodWorker, 'pod' | 'view'>[]): Promise<string> {
  const logs = workers.flatMap(({ pod, view }) => view.containers.filter(({ state, logPath }) => state === 'running' && logPath !== '').map(({ name, logPath }) => ({ pod, name, logPath })));
  if (logs.length === 0) return '';
  const text = new MetricText();
  const family = text.gauge('kubelet_container_log_filesystem_used_bytes', 'Bytes used by the container\'s logs on the filesystem.');
  const used = await Promise.all(logs.map(({ logPath }) => diskUse(dirname(logPath)).then(({ bytes }) => bytes, () => undefined)));
  for (const [index, { pod, name }] of logs.entries()) family.add({ uid: uidOf(pod), namespace: namespaceOf(pod), pod: nameOf(pod), container: name }, used[index]);
  return text.toString();
}
