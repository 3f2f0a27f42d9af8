import { core, type corev1 } from '@navarch/api';
import { conflict, internalError } from '@navarch/apimachinery';
import { isTerminal, podRequests, readResources } from '@navarch/scheduling';
import type { SchedulerWorld } from './scheduler-world';

type Write = Parameters<NonNullable<SchedulerWorld['transport']['beforeWrite']>>[0];

/** What the API server does with bindings, and what must never happen to it. */
export class BindingChecks {
  readonly violations: string[] = [];
  /** How many of the next writes fail before they are done. */
  refuse = 0;
  /** How many of the next writes are done, and their answers lost. */
  lose = 0;
  /** Told of every write before it is done. */
  onWrite: (write: Write) => void = () => undefined;

  constructor(private readonly world: SchedulerWorld) {
    world.transport.beforeWrite = (write) => this.#before(write);
  }

  /** Free millicores of a node. */
  free(node: corev1.Node): number {
    const used = this.world.pods().filter((pod) => pod.spec?.nodeName === node.metadata.name && !isTerminal(pod));
    return readResources(node.status?.allocatable).milliCpu - used.reduce((sum, pod) => sum + podRequests(pod).requests.milliCpu, 0);
  }

  #before(write: Write): void {
    this.onWrite(write);
    if (this.refuse > 0) {
      this.refuse -= 1;
      throw internalError('refused by the test');
    }
    const { operation } = write;
    if (operation?.$case === 'create' && operation.value.subresource === 'binding') this.#binding(JSON.parse(operation.value.object.toString()) as corev1.Binding);
    if (this.lose > 0) {
      this.lose -= 1;
      this.world.transport.cut();
    }
  }

  #binding({ metadata: { name = '', namespace = '', uid }, target }: corev1.Binding): void {
    const { api } = this.world;
    const pod = api.find(core.pods, namespace, name);
    if (pod === undefined) return;
    const bound = pod.spec?.nodeName ?? '';
    // As the API server does.
    if (pod.metadata.uid !== uid || bound !== '') {
      if (pod.metadata.uid === uid && bound !== target.name) this.violations.push(`${name} is on ${bound} and was to be bound to ${target.name ?? ''}`);
      throw conflict(core.pods, name, 'pod is already assigned to a node');
    }
    const node = api.find(core.nodes, '', target.name ?? '');
    const wanted = podRequests(pod).requests.milliCpu;
    if (node !== undefined && this.free(node) < wanted) this.violations.push(`${name} does not fit on ${target.name ?? ''}`);
  }
}
