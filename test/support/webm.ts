// A film for seeking in: WebM (RFC 9559) with an index, and nothing that a player could do without.

/** The frame, as `VideoEncoder` makes it. */
export interface KeyFrame {
  readonly octets: Buffer;
  readonly width: number;
  readonly height: number;
}

/** One VP8 key frame, shown for so many seconds, and there again for each of them. */
export function webmFilm({ octets, width, height }: KeyFrame, seconds: number): Buffer {
  const times = Array.from({ length: seconds }, (_, second) => second * 1000);
  const info = element(
    '1549A966',
    element('2AD7B1', uint(1_000_000)), // nanoseconds a tick
    element('4489', float(seconds * 1000)),
    element('4D80', 'basehttp'),
    element('5741', 'basehttp'),
  );
  const picture = element('E0', element('B0', uint(width)), element('BA', uint(height)));
  const track = element(
    'AE',
    element('D7', uint(1)),
    element('73C5', uint(1)),
    element('83', uint(1)), // video
    element('86', 'V_VP8'),
    picture,
  );
  const tracks = element('1654AE6B', track);
  const block = Buffer.concat([Buffer.from('81000080', 'hex'), octets]); // track 1, at once, a key frame
  const clusters = times.map((time) => element('1F43B675', element('E7', uint(time)), element('A3', block)));
  const cuesFrom = (start: number) =>
    element(
      '1C53BB6B',
      ...times.map((time, index) => {
        const position = element('F1', uint(start + index * clusters[0]!.length));
        return element('BB', element('B3', uint(time)), element('B7', element('F7', uint(1)), position));
      }),
    );
  const start = info.length + tracks.length + cuesFrom(0).length;
  return Buffer.concat([
    element('1A45DFA3', element('4282', 'webm'), element('4287', uint(4)), element('4285', uint(2))),
    element('18538067', info, tracks, cuesFrom(start), ...clusters),
  ]);
}

/** Its size takes eight octets, so that it is the same whatever the size. */
function element(id: string, ...content: readonly (Buffer | string)[]): Buffer {
  const octets = Buffer.concat(content.map((part) => Buffer.from(part as string)));
  const size = uint(octets.length);
  size[0] = 1;
  return Buffer.concat([Buffer.from(id, 'hex'), size, octets]);
}

function uint(value: number): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(BigInt(value));
  return octets;
}

function float(value: number): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeDoubleBE(value);
  return octets;
}
