import { apps, type appsv1, type corev1 } from '@navarch/api';
import { controllerReference } from '@navarch/reconcile';
import { planHistory, planTruncation, revisionData, templateOf } from './revisions';

const template = (image: string): corev1.PodTemplateSpec => ({ metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'c', image }] } });
const owner: appsv1.StatefulSet = { metadata: { name: 'db', namespace: 'default', uid: 'u', annotations: { 'kubernetes.io/change-cause': 'why' } } };
const revision = (number: number, image: string): appsv1.ControllerRevision => ({ metadata: { name: `db-${number}` }, revision: number, data: revisionData(template(image)) });
const plan = (image: string, ...revisions: appsv1.ControllerRevision[]) =>
  planHistory({ owner, controller: controllerReference(apps.statefulsets, owner), template: template(image), revisions, hashLabel: 'controller.kubernetes.io/hash' });

describe('the history of a template', () => {
  it('begins with revision 1, which says all that kubectl asks for', () => {
    const { action, revision: made } = plan('a');
    expect(action).toBe('create');
    expect(made).toMatchObject({
      revision: 1,
      metadata: {
        namespace: 'default',
        annotations: { 'kubernetes.io/change-cause': 'why' },
        labels: { app: 'db' },
        ownerReferences: [{ uid: 'u', controller: true }],
      },
      data: { spec: { template: { $patch: 'replace' } } },
    });
    expect(made.metadata.name).toBe(`db-${made.metadata.labels?.['controller.kubernetes.io/hash'] ?? ''}`);
    expect(templateOf(made)).toEqual(template('a'));
  });

  it.each([
    { what: 'stays as it is while the template does', image: 'b', action: 'none', number: 2 },
    { what: 'goes on with a new template', image: 'c', action: 'create', number: 3 },
    { what: 'brings an earlier template to the top again', image: 'a', action: 'renumber', number: 3 },
  ])('$what', ({ image, action, number }) => {
    expect(plan(image, revision(1, 'a'), revision(2, 'b'))).toMatchObject({ action, revision: { revision: number } });
  });

  it('names a revision otherwise after a collision', () => {
    const observed = { owner, controller: controllerReference(apps.statefulsets, owner), template: template('a'), revisions: [], hashLabel: 'h' };
    expect(planHistory({ ...observed, collisionCount: 1 }).revision.metadata.name).not.toBe(planHistory(observed).revision.metadata.name);
  });

  it('forgets the oldest that nothing uses', () => {
    const all = [3, 1, 4, 2].map((number) => revision(number, String(number)));
    expect(planTruncation(all, (one) => one.revision === 1 || one.revision === 4, 1).map((one) => one.revision)).toEqual([2]);
    expect(planTruncation(all, () => false, 10)).toEqual([]);
  });
});
