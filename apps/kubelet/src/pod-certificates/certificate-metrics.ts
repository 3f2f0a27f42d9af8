import { Gauge, type Registry } from 'prom-client';

/** Certificates of pods: upstream's pkg/kubelet/metrics/collectors. */
export class PodCertificateMetrics {
  constructor(private readonly registry: Registry) {}

  /** Shows them as they are when somebody looks. */
  follow(states: () => readonly { readonly signerName: string; readonly state: string }[]): void {
    const gauge: Gauge<'signer_name' | 'state'> = new Gauge({
      name: 'kubelet_podcertificate_states',
      help: 'Gauge vector reporting the number of pod certificate projected volume sources, faceted by signer_name and state.',
      labelNames: ['signer_name', 'state'],
      registers: [this.registry],
      collect: () => {
        gauge.reset();
        for (const { signerName, state } of states()) gauge.inc({ signer_name: signerName, state });
      },
    });
  }
}
