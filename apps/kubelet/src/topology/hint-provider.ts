import { type corev1 } from '@navarch/api';
import { type Rejection } from '../pods/admit-pod';
import { type ResourceHints, type TopologyHint } from './topology-hint';

/** Something that sets a part of the machine aside for containers: processors, memory, devices. */
export interface HintProvider {
  /** From where a container could get what it asks for; empty when it asks for nothing of this. */
  hints(pod: corev1.Pod, container: corev1.Container): ResourceHints;
  /** As `hints`, for all that a pod asks for at its peak. */
  podHints(pod: corev1.Pod): ResourceHints;
  /** Sets it aside, from there if it can; what a container has already, it keeps. Says why it cannot. */
  allocate(pod: corev1.Pod, container: corev1.Container, hint: TopologyHint): Rejection | undefined;
  forgetPod(uid: string): void;
}

/** Upstream's words for a container that cannot get what was promised to it. */
export function unexpected(message: string): Rejection {
  return { reason: 'UnexpectedAdmissionError', message: `Pod was rejected: Allocate failed due to ${message}, which is unexpected` };
}
