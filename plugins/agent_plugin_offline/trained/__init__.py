"""What is learned from labelled requests: where one action ends, which tool a clause means, which words are its values.

Every value is a stretch of the request, so nothing can be made up; rules then make typed values of the stretches.
"""
