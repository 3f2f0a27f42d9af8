import type { AdmissionAttributes, AdmissionPlugin, AuthorizationAttributes, Authorizer, WriteSort } from '../pipeline';
import { forbiddenFor } from '../pipeline/authorize';

/**
 * An update or patch that creates what is missing needs the right to create as well. Upstream has no plug-in of this name: its
 * handlers ask before the registry creates (handlers/update.go, withAuthorization).
 */
export class CreateAuthorization implements AdmissionPlugin {
  readonly name = 'CreateAuthorization';

  constructor(private readonly authorizer: Authorizer) {}

  handles({ operation }: WriteSort): boolean {
    return operation === 'CREATE';
  }

  applies({ viaUpdate }: AdmissionAttributes): boolean {
    return viaUpdate === true;
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { user, group, version, resource, subresource, namespace, name } = attributes;
    const asked: AuthorizationAttributes = { verb: 'create', isResource: true, path: '', group, version, resource, subresource, namespace, name };
    const { verdict, reason } = await this.authorizer.authorize(user, asked);
    if (verdict !== 'allow') throw forbiddenFor(user, asked, reason);
  }
}
