export { formatDuration, parseDuration } from './duration';
export { frameWatchEvent, ProtobufCodec, type ProtobufEnvelope, protobufMagic, protobufMediaType } from './protobuf-codec';
