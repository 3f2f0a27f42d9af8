import { type corev1 } from '@navarch/api';
import { type Rejection } from '../pods/admit-pod';
import { containersOf, initContainersOf, uidOf } from '../pods/pod-spec';
import { type HintProvider } from './hint-provider';
import { type PlacementMetrics } from './placement-metrics';
import { maskOf } from './numa-mask';
import { decideTopology, type TopologyPolicy, type TopologyScope } from './policies';
import { type NumaDistances, type ResourceHints, type TopologyHint } from './topology-hint';

export interface TopologyOptions {
  readonly policy: TopologyPolicy;
  readonly scope: TopologyScope;
  /** Of as many memory banks, those that are closest to each other (upstream's prefer-closest-numa-nodes). */
  readonly preferClosest: boolean;
  /** Machines with more memory banks are refused: with each, what there is to choose from doubles. */
  readonly maxNumaNodes: number;
}

/** Why a pod is refused whose parts would be too far from each other. */
export const topologyAffinityError = 'TopologyAffinityError';

/** Sets aside what a pod is promised of the machine, all of it from as few memory banks as its node wants. */
export class TopologyManager {
  /** `distances`: between the machine's memory banks; none before it was looked at. */
  constructor(
    private readonly options: Pick<TopologyOptions, 'policy' | 'scope' | 'preferClosest'>,
    private readonly distances: () => NumaDistances,
    private readonly providers: readonly HintProvider[],
    private readonly metrics?: Pick<PlacementMetrics, 'aligned'>,
  ) {}

  /** Sets everything aside, or nothing: then it says why. */
  admit(pod: corev1.Pod): Rejection | undefined {
    const rejection = this.options.scope === 'pod' ? this.#admitWhole(pod) : this.#admitEach(pod);
    if (rejection) for (const provider of this.providers) provider.forgetPod(uidOf(pod));
    return rejection;
  }

  #admitWhole(pod: corev1.Pod): Rejection | undefined {
    const { hint, rejection } = this.#decide((provider) => provider.podHints(pod));
    return this.#counted('pod', rejection ?? first([...initContainersOf(pod), ...containersOf(pod)], (container) => this.#allocate(pod, container, hint)));
  }

  #admitEach(pod: corev1.Pod): Rejection | undefined {
    return first([...initContainersOf(pod), ...containersOf(pod)], (container) => {
      const { hint, rejection } = this.#decide((provider) => provider.hints(pod, container));
      return this.#counted('container', rejection ?? this.#allocate(pod, container, hint));
    });
  }

  /** Only one bank is a promise that everything is close together. */
  #counted(scope: TopologyScope, rejection: Rejection | undefined): Rejection | undefined {
    if (this.options.policy === 'single-numa-node') this.metrics?.aligned(scope, 'numa_node', rejection === undefined);
    return rejection;
  }

  #decide(hints: (provider: HintProvider) => ResourceHints): { hint: TopologyHint; rejection?: Rejection } {
    const { policy, preferClosest } = this.options;
    const distances = this.distances();
    // Where nobody asks from where, nobody is made to say.
    const { hint, admit } = decideTopology(
      policy,
      policy === 'none' ? [] : this.providers.map(hints),
      maskOf(distances.keys()),
      preferClosest ? distances : undefined,
    );
    return {
      hint,
      ...(admit ? {} : { rejection: { reason: topologyAffinityError, message: 'Pod was rejected: Resources cannot be allocated with Topology locality' } }),
    };
  }

  #allocate(pod: corev1.Pod, container: corev1.Container, hint: TopologyHint): Rejection | undefined {
    return first(this.providers, (provider) => provider.allocate(pod, container, hint));
  }
}

function first<T>(items: readonly T[], check: (item: T) => Rejection | undefined): Rejection | undefined {
  for (const item of items) {
    const rejection = check(item);
    if (rejection) return rejection;
  }
  return undefined;
}
