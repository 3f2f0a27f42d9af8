/** What may become of a PodCertificateRequest: types of its conditions. */
export const podCertificateOutcomes: readonly string[] = ['Issued', 'Denied', 'Failed'];
