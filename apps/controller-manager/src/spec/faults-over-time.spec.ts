import { apps, autoscaling, batch, core, policy, type appsv1, type autoscalingv2, type batchv1, type policyv1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import fc from 'fast-check';
import { cronJobController } from '../controllers/cronjob/controller';
import { disruptionController } from '../controllers/disruption/controller';
import { horizontalPodAutoscalerController } from '../controllers/podautoscaler/controller';
import { faults, Leaders } from '../testing/leaders';

const RUNS = { numRuns: 20 };
const MINUTE = 60_000;
/** More than a clock can have been set back by then. */
const FORTH = 20 * 3_600_000;

const isOver = ({ status }: batchv1.Job): boolean => status?.conditions?.some(({ type }) => type === 'Complete') === true;

describe('whatever befalls the leader, as time passes', () => {
  it('a CronJob starts no time twice, and with Forbid no Job beside another', async () => {
    await fc.assert(fc.asyncProperty(faults, async (befalls) => {
      const leaders = new Leaders([cronJobController]);
      const { world } = leaders;
      const made: (string | undefined)[] = [];
      const known = new Set<string | undefined>();
      let crowded = 0;
      world.api.onEvent(({ resource, object: { metadata } }) => {
        if (resource !== 'batch/jobs' || known.has(metadata.uid)) return;
        known.add(metadata.uid);
        made.push(metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp']);
        if (world.all(batch.jobs).filter((job) => !isOver(job)).length > 1) crowded++;
      });
      const complete = (): void => {
        for (const job of world.all(batch.jobs).filter((one) => !isOver(one))) {
          const at = formatTime(world.clock.now());
          world.api.update(batch.jobs, 'default', job.metadata.name ?? '', 'status', {
            ...job,
            status: { ...job.status, succeeded: 1, completionTime: at, conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: at }] },
          } as batchv1.Job);
        }
      };
      world.create(batch.cronjobs, { metadata: { name: 'tick', namespace: 'default' }, spec: { schedule: '* * * * *', concurrencyPolicy: 'Forbid', successfulJobsHistoryLimit: 100, jobTemplate: { spec: { template: {} } } } });
      await leaders.start();
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        await leaders.world.clock.advance(MINUTE / 2);
        await leaders.world.settle();
        if (turn % 3 === 0) complete();
      }
      // A clock that was set back is not waited for.
      world.clock.jump(FORTH);
      await leaders.recover();
      complete();
      await leaders.recover();
      complete();
      await leaders.recover();
      expect(new Set(made).size).toBe(made.length);
      expect(crowded).toBe(0);
      for (const at of made) expect(Date.parse(at ?? '') % MINUTE).toBe(0);
      // It goes on, and knows what runs.
      const { status } = leaders.world.get(batch.cronjobs, 'tick');
      const running = leaders.world.all(batch.jobs).filter((job) => !isOver(job)).map(({ metadata }) => metadata.uid);
      expect(made.length).toBeGreaterThan(1);
      expect((status?.active ?? []).map(({ uid }) => uid)).toEqual(running);
      expect(Date.parse(status?.lastScheduleTime ?? '')).toBe(Math.max(...made.map((at) => Date.parse(at ?? ''))));
      await leaders.world.stop();
    }), RUNS);
  }, 120_000);

  it('a PodDisruptionBudget ends with what its pods allow, and forgets evictions that are over', async () => {
    await fc.assert(fc.asyncProperty(faults, fc.integer({ min: 0, max: 4 }), async (befalls, minAvailable) => {
      const leaders = new Leaders([disruptionController]);
      const { world } = leaders;
      for (const name of ['a', 'b', 'c', 'd']) world.create(core.pods, { metadata: { name, namespace: 'default', labels: { app: 'web' } }, spec: { containers: [], nodeName: 'n1' } });
      world.create<policyv1.PodDisruptionBudget>(policy.poddisruptionbudgets, { metadata: { name: 'web', namespace: 'default' }, spec: { minAvailable, selector: { matchLabels: { app: 'web' } } } });
      await leaders.start();
      await leaders.recover();
      const before = { a: formatTime(world.clock.now()) };
      for (const [turn, fault] of befalls.entries()) {
        await leaders.befall(fault);
        // An eviction that the API allows, one that goes wrong, a pod that leaves, one that comes.
        if (turn === 0) world.change(policy.poddisruptionbudgets, 'web', (budget) => (budget.status = { ...budget.status!, disruptedPods: before }), 'status');
        if (turn === 1) world.api.delete(core.pods, 'default', 'b', { gracePeriodSeconds: 0 });
        if (turn === 2) world.create(core.pods, { metadata: { name: 'e', namespace: 'default', labels: { app: 'web' } }, spec: { containers: [], nodeName: 'n1' } });
        if (turn === 3) world.change(core.pods, 'c', (pod) => (pod.metadata.labels = { app: 'other' }));
      }
      world.clock.jump(FORTH);
      await leaders.recover();
      const healthy = leaders.world.all(core.pods).filter(({ metadata }) => metadata.labels?.['app'] === 'web').length;
      const { status } = leaders.world.get(policy.poddisruptionbudgets, 'web');
      expect(status).toMatchObject({ currentHealthy: healthy, desiredHealthy: minAvailable, expectedPods: healthy, disruptionsAllowed: Math.max(0, healthy - minAvailable) });
      expect(status?.disruptedPods).toBeUndefined();
      await leaders.world.stop();
    }), RUNS);
  }, 120_000);

  it('a HorizontalPodAutoscaler never leaves its bounds, and ends at the size that use asks for', async () => {
    await fc.assert(fc.asyncProperty(faults, fc.integer({ min: 0, max: 2000 }), async (befalls, milli) => {
      const leaders = new Leaders([horizontalPodAutoscalerController]);
      const { world } = leaders;
      const sizes: (number | undefined)[] = [];
      world.api.onEvent(({ resource, object }) => {
        if (resource === 'apps/deployments') sizes.push((object as appsv1.Deployment).spec?.replicas);
      });
      world.create(apps.deployments, { metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: {} }, status: { replicas: 3 } });
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2025-12-31T20:00:00Z' }];
      for (const name of ['a', 'b', 'c']) {
        world.create(core.pods, {
          metadata: { name, namespace: 'default', labels: { app: 'web' } },
          spec: { nodeName: 'n1', containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
          status: { phase: 'Running', startTime: '2025-12-31T20:00:00Z', conditions },
        });
      }
      world.create<autoscalingv2.HorizontalPodAutoscaler>(autoscaling.horizontalpodautoscalers, {
        metadata: { name: 'web', namespace: 'default' },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
          minReplicas: 2,
          maxReplicas: 5,
          metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '500m' } } }],
        },
      });
      world.metrics.pod.set('cpu', { a: 400, b: 400, c: 400 });
      await leaders.start();
      for (const fault of befalls) await leaders.befall(fault);
      leaders.world.metrics.pod.set('cpu', { a: milli, b: milli, c: milli });
      leaders.world.clock.jump(FORTH);
      for (let turn = 0; turn < 3; turn++) await leaders.recover();
      expect(sizes.filter((size) => size === undefined || size < 2 || size > 5)).toEqual([]);
      const wanted = Math.min(5, Math.max(2, Math.ceil((3 * milli) / 500)));
      const size = leaders.world.get(apps.deployments, 'web').spec?.replicas;
      // Within a tenth of what is used now, it stays.
      expect(Math.abs((3 * milli) / (500 * (size ?? 0)) - 1) <= 0.1 || size === wanted).toBe(true);
      expect(leaders.world.get(autoscaling.horizontalpodautoscalers, 'web').status?.desiredReplicas).toBe(size);
      await leaders.world.stop();
    }), RUNS);
  }, 120_000);
});
