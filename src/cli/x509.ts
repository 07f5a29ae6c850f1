// A self-signed certificate as octets (RFC 5280, in the DER of X.690). One shape only: an EC key, for a server, under
// the names given. Pure but for the random serial number; keys and signing are node's.

import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What a certificate is to say. */
export interface CertificateContents {
  /** Shown by those who show certificates; says nothing about what it is good for. */
  readonly commonName: string;
  /** What it is good for: DNS names in ASCII, `*.localhost` too, and IP addresses. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Whether it is an IP address, and no DNS name. */
export function isAddress(name: string): boolean {
  return name.includes(':') || /^[\d.]+$/.test(name);
}

/** A certificate in PEM, signed with the key that is in it. @param publicKey of P-256, as is the other. */
export function selfSignedCertificate(
  contents: CertificateContents,
  publicKey: KeyObject,
  privateKey: KeyObject,
): string {
  const signed = toBeSigned(contents, publicKey.export({ type: 'spki', format: 'der' }));
  const signature = sign('sha256', signed, { key: privateKey, dsaEncoding: 'der' });
  const certificate = sequence(signed, ECDSA_WITH_SHA256, bitString(signature));
  const lines = certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function toBeSigned(
  { commonName, names, notBefore, notAfter }: CertificateContents,
  publicKey: Buffer,
): Buffer {
  const name = sequence(tagged(SET, sequence(oid('2.5.4.3'), tagged(UTF8_STRING, Buffer.from(commonName)))));
  return sequence(
    tagged(EXPLICIT | 0, tagged(INTEGER, Buffer.from([2]))), // version 3
    tagged(INTEGER, serialNumber()),
    ECDSA_WITH_SHA256,
    name, // the issuer
    sequence(time(notBefore), time(notAfter)),
    name,
    publicKey,
    tagged(EXPLICIT | 3, sequence(...extensions(names, publicKey))),
  );
}

/** So many bits that no two are alike; as an integer of DER, positive and without leading zeros. */
function serialNumber(): Buffer {
  const octets = randomBytes(16);
  octets[0] = 0x40 | (octets[0]! & 0x3f);
  return octets;
}

/** It is no authority: whoever steals the key of a certificate that is trusted can be this server, and nobody else. */
function extensions(names: readonly string[], publicKey: Buffer): Buffer[] {
  const keyId = createHash('sha1').update(publicKey).digest();
  return [
    extension('2.5.29.19', sequence(), true), // basicConstraints: not a CA
    extension('2.5.29.15', tagged(BIT_STRING, Buffer.from([7, 0x80])), true), // keyUsage: digitalSignature
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))), // extKeyUsage: serverAuth
    extension('2.5.29.17', sequence(...names.map(generalName))), // subjectAltName
    extension('2.5.29.14', tagged(OCTET_STRING, keyId)), // subjectKeyIdentifier
  ];
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  const mark = critical ? [tagged(BOOLEAN, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...mark, tagged(OCTET_STRING, value));
}

function generalName(name: string): Buffer {
  if (!isAddress(name)) return tagged(IMPLICIT | 2, Buffer.from(name, 'latin1'));
  const octets = name.includes(':') ? ipv6Octets(name) : Buffer.from(name.split('.').map(Number));
  return tagged(IMPLICIT | 7, octets);
}

/** @param address without IPv4 notation in it. */
function ipv6Octets(address: string): Buffer {
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const groups = [...head, ...zeros, ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

// ── DER ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
/** Tags that a context gives a meaning: in place of a type, or around one. */
const IMPLICIT = 0x80;
const EXPLICIT = 0xa0;

function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content]);
}

/** As short as can be: DER has one form for everything. @param length below 64 KiB. */
function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(SEQUENCE, Buffer.concat(parts));
}

function bitString(octets: Buffer): Buffer {
  return tagged(BIT_STRING, Buffer.concat([Buffer.from([0]), octets]));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  return tagged(OBJECT_IDENTIFIER, Buffer.from([first * 40 + second, ...others.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f));
  return digits;
}

/** Two digits for the year up to 2049, four behind it (RFC 5280 §4.1.2.5). */
function time(date: Date): Buffer {
  const text = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  return date.getUTCFullYear() < 2050
    ? tagged(UTC_TIME, Buffer.from(text.slice(2)))
    : tagged(GENERALIZED_TIME, Buffer.from(text));
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
