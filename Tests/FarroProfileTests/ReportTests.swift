import Farro
import FarroData
import Foundation
import Testing

@testable import FarroProfile

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct ReportTests {
  @Test func thePageHasARowForEveryKernelAndLevel() {
    let html = Report.html(.sample)
    for kernel in Profile.sample.kernels { #expect(html.contains(">\(kernel.name)</th>")) }
    let kernelRows = html.components(separatedBy: "class=\"bar\"").count - 1
    // A bar per kernel, and one more for each that ran with more threads.
    #expect(kernelRows == Profile.sample.kernels.count + Profile.sample.kernels.count / 2)
    for level in MemoryLevel.allCases { #expect(html.contains("<th>\(level.rawValue)</th>")) }
    #expect(html.contains("<svg ") && html.contains("4096×4096") && html.contains("512³"))
  }

  @Test func howACallWasCarriedOutShowsUnderThePointer() {
    let kernels = [result(detail: "tiles < 3"), result(shape: [5, 6, 7])]
    let html = Report.html(Profile(machine: plainMachine, peaks: [], kernels: kernels))
    #expect(html.contains(">8³</td>") && html.contains("title=\"tiles &lt; 3\">8³"))
    #expect(html.contains("shape\">5×6×7</td>"))
  }

  @Test func textFromTheMachineIsNotMarkup() {
    let html = Report.html(.sample)
    #expect(html.contains("Example &lt;&amp;&gt; CPU, &quot;4.2 GHz&quot;"))
    #expect(!html.contains("Example <&>"))
    #expect(!html.contains("<script"), "the page needs no scripts")
    #expect(!html.contains("src=") && !html.contains("href="), "nor anything from elsewhere")
  }

  @Test func aFractionThatCannotBeIsMarked() {
    #expect(Report.html(.sample).components(separatedBy: "probe at fault").count - 1 == 2)
  }

  @Test func theChartIsWellFormedAndHasAPointForEachKernelOnIt() {
    let svg = Roofline.svg(.sample)
    let parser = XMLParser(data: Data(svg.utf8))
    #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
    let shown = Profile.sample.kernels.filter { $0.threads == 2 && $0.gflops > 0 }
    for kernel in shown { #expect(svg.contains("<title>\(kernel.name) \(kernel.dtype.rawValue) \(kernel.shapeText)")) }
    #expect(!svg.contains("xxh3"), "what does no arithmetic has no place on the chart")
    #expect(svg.contains("FMA f32") && svg.contains("DRAM"))
  }

  @Test func theChartHasTheRoofsThatItsKernelsMeetAndNamesThoseThatFallTogetherOnce() {
    let svg = Roofline.svg(.sample)
    #expect(svg.contains("FMA f32, dot bf16 ") && svg.contains(">dot u8s8 "))
    var plain = Profile.sample
    plain.kernels.removeAll { $0.dtype == .i8 }
    #expect(!Roofline.svg(plain).contains("dot u8s8"))
  }

  @Test func theTableOfArithmeticHasEveryRate() {
    let html = Report.html(.sample)
    #expect(html.contains("<th>f32</th><th>f64</th><th>bf16</th><th>u8s8</th>"))
    #expect(html.contains("<td>235</td>"), "0.98 times 240")
  }

  @Test func aProfileOfNothingIsStillAPage() {
    let empty = Profile(machine: .current, peaks: [], kernels: [])
    #expect(Report.html(empty).contains("</html>"))
    #expect(XMLParser(data: Data(Roofline.svg(empty).utf8)).parse())
  }

  @Test func labelsCoverNeitherEachOtherNorPoints() {
    let labels = (0..<24).map { (i: Int) -> LabelPlacement.Label in
      let point = SVG.Point(Double(100 + 14 * (i % 5)), Double(100 + 9 * (i / 5)))
      return LabelPlacement.Label(point: point, width: 70)
    }
    let bounds = Box(x: 0, y: 0, width: 600, height: 400)
    let boxes = LabelPlacement(bounds: bounds, obstacles: [], labels: labels, marks: labels.map(\.point)).boxes()
    for i in boxes.indices {
      #expect(bounds.contains(boxes[i]))
      for j in boxes.indices where j < i { #expect(boxes[i].overlap(with: boxes[j]) == 0) }
    }
  }
}
