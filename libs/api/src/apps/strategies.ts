import type { appsv1 } from '../gen';
import { type KindRules, kindRules, specChanged } from '../strategy/kind-rules';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';

type DaemonSet = Loose<appsv1.DaemonSet> & { metadata: appsv1.DaemonSet['metadata'] };

/** Counts the changes of a DaemonSet's template; older clients read it. */
const templateGeneration = 'deprecated.daemonset.template.generation';

function templateGenerationOf(set: DaemonSet): number {
  const count = Number(set.metadata.annotations?.[templateGeneration]);
  return Number.isInteger(count) ? count : 0;
}

function setTemplateGeneration(set: DaemonSet, generation: number): void {
  set.metadata.annotations = { ...set.metadata.annotations, [templateGeneration]: String(generation) };
}

const daemonSetRules = kindRules<DaemonSet>({
  initialStatus: () => ({ currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }),
  generation: specChanged,
  // An annotation that comes along is where the count goes on, as in a restored set.
  onCreate: (set) => setTemplateGeneration(set, Math.max(1, templateGenerationOf(set))),
  onUpdate(set, old) {
    const before = templateGenerationOf(old);
    setTemplateGeneration(set, semanticEqual(set.spec?.template, old.spec?.template) ? before : before + 1);
  },
});

/** Annotations of a Deployment are carried to its ReplicaSets: a change of them is one of intent. */
const deploymentChanged = (deployment: Loose<appsv1.Deployment>, old: Loose<appsv1.Deployment>): boolean =>
  specChanged(deployment, old) || !semanticEqual(deployment.metadata?.annotations, old.metadata?.annotations);

export const appsStrategies: Readonly<Record<string, KindRules>> = {
  'apps/controllerrevisions': {},
  'apps/daemonsets': daemonSetRules,
  'apps/deployments': kindRules<Loose<appsv1.Deployment>>({
    initialStatus: () => ({}),
    generation: deploymentChanged,
    resets: { status: ['spec', 'metadata.labels'] },
    onStatusUpdate(deployment, old) {
      const labels = old.metadata?.labels;
      if (!deployment.metadata) return;
      if (labels === undefined) delete deployment.metadata.labels;
      else deployment.metadata.labels = labels;
    },
  }),
  'apps/replicasets': { initialStatus: () => ({ replicas: 0 }), generation: specChanged },
  'apps/statefulsets': { initialStatus: () => ({ replicas: 0, availableReplicas: 0 }), generation: specChanged },
};
