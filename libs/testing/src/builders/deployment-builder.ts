import { type appsv1, type corev1 } from '@navarch/api';
import { ObjectBuilder } from './object-builder';

type FullDeployment = appsv1.Deployment & { spec: appsv1.DeploymentSpec; status: appsv1.DeploymentStatus };

/** Builds a deployment of one replica whose pods are labelled `app: <name>`. */
export class DeploymentBuilder extends ObjectBuilder<FullDeployment> {
  constructor() {
    super({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', uid: 'web-uid', generation: 1 },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'image:1' }] } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      },
      status: {},
    });
  }

  override named(name: string): this {
    return super.named(name).withUid(`${name}-uid`).selecting({ app: name });
  }

  /** Sets the selector and the labels of the pods. */
  selecting(labels: Record<string, string>): this {
    this.object.spec.selector = { matchLabels: labels };
    this.object.spec.template.metadata = { ...this.object.spec.template.metadata, labels };
    return this;
  }

  withReplicas(replicas: number): this {
    this.object.spec.replicas = replicas;
    return this;
  }

  withImage(image: string): this {
    return this.withPodSpec({ containers: [{ name: 'main', image }] });
  }

  withPodSpec(spec: corev1.PodSpec): this {
    this.object.spec.template.spec = spec;
    return this;
  }

  rolling(maxSurge: number | string, maxUnavailable: number | string): this {
    this.object.spec.strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } };
    return this;
  }

  recreating(): this {
    this.object.spec.strategy = { type: 'Recreate' };
    return this;
  }

  paused(): this {
    this.object.spec.paused = true;
    return this;
  }
}

export const aDeployment = (): DeploymentBuilder => new DeploymentBuilder();
