import { fieldErrors, FieldPath, immutableMessage } from '@navarch/apimachinery';
import type { storagemigrationv1beta1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { validateConditions } from '../validation/conditions';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { type Findings, nonNegative, present } from '../validation/rules';

type Migration = Loose<storagemigrationv1beta1.StorageVersionMigration>;

const versionPath = FieldPath.of('status', 'resourceVersion');
const conditionsPath = FieldPath.of('status', 'conditions');

const is = ({ status }: Migration, type: 'Failed' | 'Succeeded'): boolean => list(status?.conditions).some((condition) => condition.type === type && condition.status === 'True');

/** How far a migration is: it ends once, and in one way. That it runs is taken back later, when its resource knows of the end. */
function validateProgress(migration: Migration, old: Migration, found: Findings): void {
  const refuse = (wrong: boolean, detail: string): void => {
    if (wrong) found.push(fieldErrors.invalid(conditionsPath, migration.status?.conditions ?? null, detail));
  };
  const [succeeded, failed] = [is(migration, 'Succeeded'), is(migration, 'Failed')];
  refuse(succeeded && failed, 'Both success and failed conditions cannot be true at the same time');
  refuse(is(old, 'Succeeded') && !succeeded, 'Success condition cannot be set to false once it is true');
  refuse(is(old, 'Failed') && !failed, 'Failed condition cannot be set to false once it is true');
}

/** By `<group>/<kind>`. Mirrors pkg/apis/storagemigration/validation. */
export const storagemigrationValidation: Readonly<Record<string, ContentRules>> = {
  'storagemigration.k8s.io/StorageVersionMigration': contentRules<Migration>({
    content({ spec }) {
      const found: Findings = [];
      present(spec?.resource?.resource, FieldPath.of('spec', 'resource', 'resource'), found, 'resource is required');
      return found;
    },
    change({ spec }, { spec: old }) {
      const found: Findings = [];
      // Upstream's paths.
      for (const field of ['group', 'resource'] as const)
        if ((spec?.resource?.[field] ?? '') !== (old?.resource?.[field] ?? '')) found.push(fieldErrors.invalid(FieldPath.of(field), spec?.resource?.[field] ?? '', immutableMessage));
      return found;
    },
    status(migration, old) {
      const found: Findings = [];
      const { resourceVersion = '' } = migration.status ?? {};
      const before = old.status?.resourceVersion ?? '';
      if (/^[-+]?\d+$/.test(resourceVersion)) nonNegative(Number(resourceVersion), versionPath, found);
      else if (resourceVersion !== '') {
        found.push(
          fieldErrors.invalid(
            versionPath,
            resourceVersion,
            `failed to parse resource version ${JSON.stringify(resourceVersion)}: strconv.ParseInt: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`,
          ),
        );
      }
      validateConditions(migration.status?.conditions, conditionsPath, found);
      if (before !== '' && before !== resourceVersion) found.push(fieldErrors.invalid(versionPath, resourceVersion, 'cannot be updated'));
      validateProgress(migration, old, found);
      return found;
    },
  }),
};
