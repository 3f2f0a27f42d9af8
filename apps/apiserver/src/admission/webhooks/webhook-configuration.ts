import { isAbsolute } from 'node:path';
import type { Fields } from '../../config-file/strict-fields';

const KINDS: ReadonlyMap<string, string> = new Map([
  ['apiserver.config.k8s.io/v1', 'WebhookAdmissionConfiguration'],
  ['apiserver.config.k8s.io/v1alpha1', 'WebhookAdmission'],
]);

/** The kubeconfig whose users are for webhooks, one for each server; undefined where none is named. @throws for what is no such configuration */
export function readWebhookConfiguration(root: Fields): string | undefined {
  const [apiVersion, kind] = [root.text('apiVersion'), root.text('kind')];
  if (KINDS.get(apiVersion) !== kind) throw new Error(`no kind "${kind}" is registered for version "${apiVersion}"`);
  root.only('apiVersion', 'kind', 'kubeConfigFile');
  const file = root.optionalText('kubeConfigFile') ?? '';
  if (file === '') return undefined;
  if (!isAbsolute(file)) throw root.wrong(`"${file}": must be an absolute file path`, 'kubeConfigFile');
  return file;
}
