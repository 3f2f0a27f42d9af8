import type { certificatesv1beta1 } from '../gen';
import { defaulter, type Defaulters } from '../defaulting/defaulter';
import { type Loose } from '../support/loose';

const secondsADay = 86_400;

export const certificatesDefaults: Defaulters = {
  'certificates.k8s.io/v1beta1/PodCertificateRequest': defaulter(({ spec }: Loose<certificatesv1beta1.PodCertificateRequest>) => {
    if (spec) spec.maxExpirationSeconds ??= secondsADay;
  }),
};
