/** Two tracks to the same side: the mark and the name. */
export function Brand() {
  return (
    <div className="sy-brand">
      <svg viewBox="0 0 24 20" width="22" height="18" aria-hidden="true">
        <path
          d="M2 6h16M2 14h16M14 2l5 4-5 4M14 10l5 4-5 4"
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      Switchyard
    </div>
  );
}
