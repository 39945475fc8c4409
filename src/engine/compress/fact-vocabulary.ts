/** Words that tell facts from ordinary language: units, errno names, usual folders and file endings. */

/** Behind a number, these belong to it. */
export function isUnit(word: string): boolean {
  return UNITS.has(word) || UNITS.has(word.toLowerCase());
}

// Words that mostly mean something else behind a number (in, a, bar) are left out.
const UNITS: ReadonlySet<string> = words(`
  ns us µs μs ms s sec secs second seconds m min mins minute minutes h hr hrs hour hours day days week weeks month months year years
  millisecond milliseconds microseconds nanoseconds b kb mb gb tb pb kib mib gib tib byte bytes bit bits kbit mbit gbit kbps mbps gbps bps
  hz khz mhz ghz fps rps qps tps % percent percentage px pt em rem pixels nm µm mm cm km mi ft inch inches mg g kg lb lbs oz ml
  °c °f k kv mv kw mw kwh wh kj mj cal kcal pa kpa psi db dbm usd eur gbp jpy chf cny inr dollars euros pounds cents
  token tokens times items rows lines chars characters words pages requests users workers threads cores
`);

/** First parts that make `a/b` a path, a branch or a media type rather than two words. */
export const COMMON_FOLDERS: ReadonlySet<string> = words(`
  src lib libs test tests spec docs doc bin app apps pkg packages scripts script cmd internal config configs conf dist build out node_modules
  vendor etc usr var home tmp opt public assets static include examples example tools server client api data web ui core common shared
  modules components pages routes models views controllers services utils helpers migrations fixtures templates infra deploy k8s docker
  origin upstream feature feat fix bugfix hotfix release chore refs heads remotes application text image audio video multipart
`);

export const FILE_ENDINGS: ReadonlySet<string> = words(`
  ts tsx mts cts js jsx mjs cjs json jsonl json5 yaml yml toml ini cfg conf env xml html htm css scss sass less md mdx rst txt log csv tsv
  py pyi pyx ipynb rb rs go java kt kts scala swift c h cc cpp cxx hpp hh cs fs vb php pl pm lua r jl ex exs erl hs ml mli clj dart zig nim
  sh bash zsh fish ps1 bat cmd sql db sqlite sqlite3 proto graphql gql tf hcl lock gradle properties pdf doc docx xls xlsx ppt pptx png jpg
  jpeg gif svg webp ico mp3 mp4 wav avi mov zip tar gz tgz bz2 xz 7z rar jar war whl so dll dylib exe bin o a class pem crt key cert p12
  vue svelte astro patch diff map snap traj bak tmp cmake mk make dockerfile plist service
`);

/** Parts of words that are joined by hyphens in ordinary language. */
export const WEAK_PARTS: ReadonlySet<string> = words(`
  to of the and in on up by or an for is it not non well self re as at so be if out over under off per free like way time
`);

/** The error numbers of POSIX, by name. */
export const ERROR_NUMBERS: ReadonlySet<string> = words(`
  E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EBADMSG EBUSY ECANCELED ECHILD ECONNABORTED ECONNREFUSED
  ECONNRESET EDEADLK EDESTADDRREQ EDOM EDQUOT EEXIST EFAULT EFBIG EHOSTDOWN EHOSTUNREACH EIDRM EILSEQ EINPROGRESS EINTR EINVAL EIO EISCONN
  EISDIR ELOOP EMFILE EMLINK EMSGSIZE ENAMETOOLONG ENETDOWN ENETRESET ENETUNREACH ENFILE ENOBUFS ENODEV ENOENT ENOEXEC ENOLCK ENOMEM ENOMSG
  ENOPROTOOPT ENOSPC ENOSYS ENOTCONN ENOTDIR ENOTEMPTY ENOTFOUND ENOTSOCK ENOTSUP ENOTTY ENXIO EOPNOTSUPP EOVERFLOW EPERM EPIPE EPROTO
  EPROTONOSUPPORT ERANGE EROFS ESPIPE ESRCH ESTALE ETIMEDOUT ETXTBSY EWOULDBLOCK EXDEV EAI_AGAIN ELIFECYCLE ERESOLVE EUSAGE NXDOMAIN
`);

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}
