/** Keys and certificates of a cluster. */
export { createBusOperator, signBusUser, subjectOfJwt, type BusOperator, type BusUser } from './bus-credentials';
export { CertificateAuthority, type CertificateProfile, type CertificateSubject, type CertificateUsage, type CertifiedKey } from './certificate-authority';
export { createCertificateRequest, parseCertificateRequest, type RequestedCertificate } from './certificate-request';
export { certificateChainFault, certificateRequestFault, trustBundleFaults } from './check-certificate-request';
export { ClusterPki, type ClusterPkiOptions } from './cluster-pki';
export { anonymousKubeconfig, kubeconfig, type KubeconfigOptions } from './kubeconfig';
export { LEGACY_TOKEN_ISSUER, legacyTokenClaims, legacyTokenSubject, type LegacyTokenSubject } from './legacy-token-claims';
export { natsServerConfig, type NatsServerOptions } from './nats-server-config';
export { PkiFiles, type CertificateFiles } from './pki-files';
export { podCertificateAnswerFaults, type PodCertificateAnswer, type PodCertificateAnswerFault } from './pod-certificate-chain';
export { podCertificateKey, podCertificateKeyFault, type PodCertificateKey, type PodCertificateKeyFault } from './pod-certificate-key';
export { serviceAccountKeyAlgorithm, serviceAccountKeyId } from './service-account-key';
export { createStubRequest, type StubRequest } from './stub-request';
export { writeSecretFile } from './write-secret-file';
