/** What a package says of where it comes from; a deb and an rpm cannot be made without either. */
export interface PackageOrigin {
  /** `Name <address>` */
  readonly maintainer: string;
  readonly homepage: string;
  /** What was not set, as it would be typed. */
  readonly unset: readonly string[];
}

/** Who builds, as the machine knows them. */
export interface Builder {
  readonly user: string;
  readonly host: string;
}

/** No name in `invalid` will ever resolve (RFC 2606): it cannot be mistaken for a real home page. */
const nowhere = 'https://switchyard.invalid/';

/**
 * From the environment: SWITCHYARD_MAINTAINER, or what Debian's own tools go by (DEBFULLNAME and DEBEMAIL, devscripts(1)), and
 * SWITCHYARD_HOMEPAGE. A package without a maintainer is its builder's, as it is for other tools that make packages. Throws
 * for a setting that is not what it should be.
 */
export function packageOrigin(environment: NodeJS.ProcessEnv, { user, host }: Builder): PackageOrigin {
  const maintainer = environment['SWITCHYARD_MAINTAINER'] ?? debianMaintainer(environment);
  const homepage = environment['SWITCHYARD_HOMEPAGE'];
  if (maintainer !== undefined && !/^[^<>]+ <[^<>\s]+@[^<>\s]+>$/.test(maintainer)) {
    throw new TypeError(`"${maintainer}" is no maintainer: set SWITCHYARD_MAINTAINER='Name <address>'`);
  }
  if (homepage !== undefined && !/^https?:$/.test(URL.parse(homepage)?.protocol ?? '')) {
    throw new TypeError(`"${homepage}" is no home page: set SWITCHYARD_HOMEPAGE=https://…`);
  }
  return {
    maintainer: maintainer ?? `${user} <${user}@${host}>`,
    homepage: homepage ?? nowhere,
    unset: [
      ...(maintainer === undefined ? ["SWITCHYARD_MAINTAINER='Name <address>'"] : []),
      ...(homepage === undefined ? ['SWITCHYARD_HOMEPAGE=https://…'] : []),
    ],
  };
}

function debianMaintainer({ DEBFULLNAME: name, DEBEMAIL: address }: NodeJS.ProcessEnv): string | undefined {
  return name === undefined || address === undefined ? undefined : `${name} <${address}>`;
}
