/// The look of the page of ``Report``.
enum ReportStyle {
  static let css = """
    :root {
      --page: #f6f7f9; --card: #ffffff; --ink: #1d2430; --muted: #667085; --line: #e4e7ec; --track: #eef0f4;
      --warning: #b42318; \(Palette.light)
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #0d1117; --card: #161b22; --ink: #e6eaf0; --muted: #98a2b3; --line: #2a313c; --track: #252c37;
        --warning: #ff8a80; \(Palette.dark)
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0; background: var(--page); color: var(--ink);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
      font-variant-numeric: tabular-nums;
    }
    main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 72px; }
    h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 20px; }
    h2 { font-size: 20px; letter-spacing: -0.01em; margin: 44px 0 12px; }
    .kicker { margin: 0 0 4px; color: var(--muted); font-size: 13px; font-weight: 600; }
    .note { color: var(--muted); max-width: 76ch; margin: 0 0 16px; }
    dl { display: flex; flex-wrap: wrap; gap: 10px 32px; margin: 0; }
    dt { color: var(--muted); font-size: 13px; }
    dd { margin: 0; font-weight: 550; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 14px; margin-top: 28px; }
    .tile, table, figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
    .tile { padding: 16px 18px; }
    .tile p { margin: 0; color: var(--muted); font-size: 13.5px; }
    .tile .value { color: var(--ink); font-size: 28px; line-height: 1.25; font-weight: 650; letter-spacing: -0.02em; }
    .tile .value span { font-size: 15px; font-weight: 500; color: var(--muted); margin-left: 5px; letter-spacing: 0; }
    figure { margin: 0; overflow: hidden; }
    figure svg { display: block; width: 100%; height: auto; }
    .columns { display: grid; grid-template-columns: minmax(max-content, 2fr) minmax(0, 3fr); gap: 16px; align-items: start; }
    @media (max-width: 860px) { .columns { grid-template-columns: minmax(0, 1fr); } section { overflow-x: auto; } }
    table { width: 100%; border-spacing: 0; padding: 4px 18px 10px; font-size: 13.5px; margin: 0 0 16px; }
    caption { text-align: left; font-weight: 600; font-size: 15px; padding: 10px 0 8px; }
    th, td { text-align: right; padding: 5px 0 5px 16px; font-weight: 400; white-space: nowrap; }
    th:first-child { text-align: left; padding-left: 0; }
    thead th { color: var(--muted); font-size: 12.5px; border-bottom: 1px solid var(--line); padding-top: 8px; }
    tbody tr + tr > * { border-top: 1px solid var(--line); }
    tbody th { font-weight: 600; }
    .text { text-align: left; }
    .shape { white-space: normal; }
    .quiet, .bound { color: var(--muted); }
    td.bar { width: 26%; text-align: left; }
    td.bar span { display: inline-block; min-width: 46px; text-align: right; }
    td.bar em { color: var(--warning); font-style: normal; font-weight: 600; }
    .track {
      display: inline-block; vertical-align: middle; width: calc(100% - 60px); min-width: 60px; height: 9px;
      border-radius: 5px; background: var(--track); overflow: hidden; margin-right: 6px;
    }
    .track i { display: block; height: 100%; border-radius: 5px; background: var(--bar, var(--muted)); }
    \((0..<8).map { ".color-\($0) { --bar: var(--family-\($0)); }" }.joined(separator: "\n"))
    .kernels caption::before {
      content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 50%; background: var(--bar);
      margin-right: 9px;
    }
    @media print { body { background: #ffffff; } table, figure { break-inside: avoid; } }
    """
}
